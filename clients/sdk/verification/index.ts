export { type BlobSource, openBlobSource } from "./blob-source.ts";
export {
  type FederationOnChain,
  type OpenVerifierOptions,
  openOnChain,
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
