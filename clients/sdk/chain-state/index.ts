export {
  type ChainAccess,
  type ChainOptions,
  requireFederation,
} from "./federation-account.ts";
export {
  lengthsToMake,
  type RewardTokens,
  readChanged,
  readRewardDecimals,
  requireAmount,
  rewardTokensOf,
  tokenBalance,
} from "./reward-tokens.ts";
export { sendForRounds } from "./send-for-rounds.ts";
export { settleRounds } from "./settle-rounds.ts";
export { unsettledRounds, waitingRounds } from "./unsettled-rounds.ts";
