import Type, { type Static } from "typebox";
import { Base58Address, Base64, HexHash, UnixMilliseconds } from "../schema.ts";
import { endpoint, READER_ERRORS } from "./endpoint.ts";
import { RoundParams } from "./rounds.ts";

/** The audit of one member that was drawn. */
export const AuditView = Type.Object({
  member: Base58Address,
  /** The key whose report counts. */
  auditor: Base58Address,
  /** Segments that the auditor runs again. */
  segments: Type.Array(Type.Integer({ minimum: 0 })),
  /** The signed report (see audit-report.ts); null until it was handed in. */
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

/**
 * The audits of a round, once they have been drawn. `slotHash` and the envelopes hash to `drawn`,
 * which is on chain.
 */
export const RoundAuditsView = Type.Object({
  slotHash: HexHash,
  drawn: HexHash,
  seed: HexHash,
  /** When the round is computed at the latest, without the reports that are missing by then. */
  until: UnixMilliseconds,
  /** Whether the service still takes reports. */
  open: Type.Boolean(),
  audits: Type.Array(AuditView),
});
export type RoundAuditsView = Static<typeof RoundAuditsView>;

export const auditList = endpoint({
  operation: "auditList",
  summary: "The audits of a round: members, segments, auditors and results.",
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
    "Hand in an audit report that the drawn auditor has signed. Sending it again changes nothing.",
  method: "POST",
  path: "/v1/federations/:federation/rounds/:round/audits",
  params: RoundParams,
  body: Type.Object({ report: Base64, signature: Base64 }, { additionalProperties: false }),
  response: RoundAuditsView,
  access: "auditor",
  errors: ["not-found", "malformed-envelope", "verification-failed", "round-closed", "conflict"],
});
