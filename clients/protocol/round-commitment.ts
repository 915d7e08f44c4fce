/**
 * The values that an aggregator commits a round to. The Round account holds these nine from then
 * on; they are zero until the round is committed.
 */
export interface RoundCommitment {
  /** Vector roots of the model and of the server's state after the round. */
  readonly nextRoot: Uint8Array;
  readonly nextStateRoot: Uint8Array;
  /** Root over the leaves of all updates, counted or refused, and their number. */
  readonly updatesRoot: Uint8Array;
  readonly updateCount: number;
  /** Sum of the weights of the counted updates. */
  readonly totalWeight: number;
  /** Root over the leaves of all rewards, and their number. */
  readonly rewardsRoot: Uint8Array;
  readonly rewardCount: number;
  /** All rewards since the federation began, this round's included. Base units of the mint. */
  readonly cumulativeRewards: bigint;
  /** SHA-256 of the round's manifest. */
  readonly manifestHash: Uint8Array;
}
