import Type, { type Static } from "typebox";
import { Base58Address, Base64, HexHash, UnixMilliseconds } from "../schema.ts";
import { endpoint, READER_ERRORS } from "./endpoint.ts";
import { RoundParams } from "./rounds.ts";

/** A drawn member's audit. */
export const AuditView = Type.Object({
  member: Base58Address,
  /** Whose report counts. */
  auditor: Base58Address,
  /** Segments that are to be run again. */
  segments: Type.Array(Type.Integer({ minimum: 0 })),
  /** What the auditor signed (see audit-report.ts); null until then. */
  report: Type.Union([
    Type.Object({
      outcome: Type.Union([
        Type.Literal("passed"),
        Type.Literal("failed"),
        Type.Literal("refused"),
      ]),
      checkpoint: Type.Integer({ minimum: 0 }),
      report: Base64,
      signature: Base64,
    }),
    Type.Null(),
  ]),
});
export type AuditView = Static<typeof AuditView>;

/** The audits of a round, when they have been drawn. `slotHash` and the envelopes hash to `drawn`, which stands on chain. */
export const RoundAuditsView = Type.Object({
  slotHash: HexHash,
  drawn: HexHash,
  seed: HexHash,
  /** When the round is computed at the latest, without the reports that are missing. */
  until: UnixMilliseconds,
  /** Whether reports are taken. */
  open: Type.Boolean(),
  audits: Type.Array(AuditView),
});
export type RoundAuditsView = Static<typeof RoundAuditsView>;

export const auditList = endpoint({
  operation: "auditList",
  summary: "Whose training is audited in a round, which segments, by whom, and what came out.",
  method: "GET",
  path: "/v1/federations/:federation/rounds/:round/audits",
  params: RoundParams,
  response: RoundAuditsView,
  access: "reader",
  errors: READER_ERRORS,
});

export const auditReportSubmit = endpoint({
  operation: "auditReportSubmit",
  summary:
    "Hand in an audit report, signed by the auditor that was drawn. The same report again changes nothing.",
  method: "POST",
  path: "/v1/federations/:federation/rounds/:round/audits",
  params: RoundParams,
  body: Type.Object({ report: Base64, signature: Base64 }, { additionalProperties: false }),
  response: RoundAuditsView,
  access: "auditor",
  errors: ["not-found", "malformed-envelope", "verification-failed", "round-closed", "conflict"],
});
