export { type BlobSource, openBlobSource } from "./blob-source.ts";
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
  type Comparison,
  type RoundVerification,
  type VerificationProgress,
  type VerifyOptions,
  verifyRound,
} from "./verify-round.ts";
