export type { CommittedRound } from "./committed-round.ts";
export { type CommittedStep, committedStep } from "./committed-step.ts";
export { type Finding, type Proof, PUBLIC_BLOBS, type PublicBlob, REPLAY_ONLY } from "./finding.ts";
export {
  findUnsignedLeaf,
  findUnsoundLeaves,
  findWrongReason,
  type PublishedUpdate,
  publishedUpdates,
} from "./leaves.ts";
export {
  checkOmission,
  type OmissionProof,
  parseOmissionProof,
  promisedLeaf,
  proveOmission,
  type ReceiptedRound,
  type ReceiptIdentity,
  type SignedReceipt,
} from "./omission.ts";
export {
  chunkProof,
  rewardLeafProof,
  updateLeafProof,
} from "./proofs.ts";
export { findWrongPay, type RewardsOfRound } from "./rewards.ts";
export { findVectorDifference, type VectorDifference, wrongChunk } from "./vectors.ts";
