export { type ChainContext, type OpenChainOptions, openChainContext } from "./chain-context.ts";
export { connectTo, publicKey } from "./connection.ts";
export {
  type FederationAccess,
  type OpenFederationOptions,
  openAccess,
} from "./federation-access.ts";
export { type FederationContext, openContext } from "./federation-context.ts";
export { findFederation } from "./find-federation.ts";
export { type FederationQuestions, questionsOfRound, readQuestions } from "./questionnaire.ts";
export { signerFor } from "./request-signer.ts";
export {
  nullIfNotFound,
  readAudits,
  readFederationView,
  readRoundView,
  readUpdate,
} from "./round-reads.ts";
