export { announceMember } from "./announce.ts";
export {
  type Claim,
  type ClaimOptions,
  claimRewards,
  type RewardProof,
  readRewardProof,
} from "./claim.ts";
export { type Closed, closeMember } from "./close-member.ts";
export { type Joined, type JoinOptions, joinFederation } from "./join.ts";
export { type JoinNeeds, type JoinNeedsOptions, readJoinNeeds } from "./join-needs.ts";
export { type Left, leaveFederation } from "./leave.ts";
export { type PayoutSet, setPayout } from "./payout.ts";
export { type StakeRelease, stakeRelease, type Withdrawal, withdrawStake } from "./stake.ts";
export { type Rotated, requireUpdateKey, rotateUpdateKey } from "./update-key.ts";
