export { type BlobSource, openBlobSource } from "./blob-source.ts";
export { committedUpdates, readCommittedLeaves } from "./committed-updates.ts";
export type { Comparison } from "./comparison.ts";
export { isDisputable, needsChunk } from "./disputable.ts";
export { findOwnUpdate, type OwnUpdate } from "./own-update.ts";
export {
  readCommitted,
  readConfiguration,
  readManifest,
  readPayload,
  readPublishedRound,
  readVector,
  rewardsOf,
} from "./public-round.ts";
export { Refuted } from "./refuted.ts";
export {
  type OpenVerifierOptions,
  openVerifier,
  type Verifier,
} from "./verifier.ts";
export {
  type RoundVerification,
  type VerificationProgress,
  type VerifyOptions,
  verifyRound,
} from "./verify-round.ts";
