export type { DisputeOptions } from "./challenge.ts";
export type { DisputeCosts, DisputeEvent, DisputeOutcome } from "./dispute-events.ts";
export { type DisputeFinding, disputeFinding } from "./dispute-finding.ts";
export { type EquivocationReport, reportEquivocation } from "./equivocation.ts";
export {
  checkOmissionProof,
  omissionOf,
  readReceipt,
  type SubmitOmission,
  submitOmission,
} from "./omission.ts";
