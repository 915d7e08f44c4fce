/**
 * What tests need of a chain: a node of their own, and federations on it. Only tests import this
 * room. Journeys use the SDK itself instead.
 */
export { type ChainFederation, createChainFederation } from "./chain-federation.ts";
export {
  createTestMint,
  digest,
  mintInstructions,
  testFederationCreate,
  testTerms,
} from "./federation-account.ts";
export { HurriedClock } from "./hurried-clock.ts";
export { closeLeftOpen, opened } from "./left-open.ts";
export { linesOf, type ProcessLines } from "./process-lines.ts";
export { CUSTOM, FEDAVG, fedavgm } from "./rules.ts";
export { chainPast, giveSol, startChain, type TestChain } from "./start-chain.ts";
export { until } from "./until.ts";
