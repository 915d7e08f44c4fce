export { type AuditBundle, decodeAuditBundle, encodeAuditBundle } from "./audit-bundle.ts";
export {
  type AuditOptions,
  type AuditVerdict,
  auditMember,
  reportRefusal,
  submitReport,
} from "./audit-member.ts";
export { type ExportAudit, type ExportedAudit, exportAudit } from "./export-bundle.ts";
export { type DrawnUpdate, type RoundDraw, readRoundDraw } from "./round-draw.ts";
