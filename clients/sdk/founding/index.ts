export { type CreatedFederation, createFederation } from "./create-federation.ts";
export type { CreateFederationOptions, CreateStep } from "./create-options.ts";
export { type FederationPlan, type PlannedFederation, planFederation } from "./plan-federation.ts";
export { requestSol } from "./request-sol.ts";
export { type MintTo, mintTo, REWARD_DECIMALS } from "./reward-mint.ts";
