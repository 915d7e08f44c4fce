export type { ConfigurationSections } from "./configuration-sections.ts";
export { type CreatedFederation, checkFounding, createFederation } from "./create-federation.ts";
export type { CreateFederationOptions, CreateStep } from "./create-options.ts";
export { type FederationPlan, type PlannedFederation, planFederation } from "./plan-federation.ts";
export { requestSol } from "./request-sol.ts";
export { type FoundingCosts, foundingCosts, type PartyCosts } from "./require-funds.ts";
export { type MintTo, mintTo, REWARD_DECIMALS } from "./reward-mint.ts";
