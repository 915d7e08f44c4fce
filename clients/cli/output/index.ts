export { disputeFields, disputeLine, disputeStatusLine } from "./dispute-lines.ts";
export { evaluationLines } from "./evaluation-lines.ts";
export { importLines } from "./import-lines.ts";
export { intervalLines } from "./interval-lines.ts";
export { membershipLines, stakeLine } from "./membership-lines.ts";
export { type Output, openOutput } from "./output.ts";
export { proveOmissionText } from "./participation-lines.ts";
export { roundRulesLine, rulesLine } from "./rules-line.ts";
export { inTransaction } from "./transaction-text.ts";
