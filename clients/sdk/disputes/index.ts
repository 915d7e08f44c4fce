export type { DisputeCosts, DisputeEvent, DisputeOutcome } from "./dispute-events.ts";
export { type DisputeFinding, disputeFinding } from "./dispute-finding.ts";
export type { DisputeOptions } from "./run-dispute.ts";
