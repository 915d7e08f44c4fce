/** What a commit states about a round. */
export interface RoundCommitment {
  readonly nextRoot: Uint8Array;
  readonly nextStateRoot: Uint8Array;
  readonly updatesRoot: Uint8Array;
  readonly updateCount: number;
  readonly totalWeight: number;
  readonly rewardsRoot: Uint8Array;
  readonly rewardCount: number;
  readonly cumulativeRewards: bigint;
  readonly manifestHash: Uint8Array;
}

/** What stands fixed about a committed round, as its account on chain holds it. */
export interface CommittedRound extends RoundCommitment {
  readonly baseRoot: Uint8Array;
  readonly baseStateRoot: Uint8Array;
}
