import Type, { type Static } from "typebox";
import { EquivocationEvidence } from "../equivocation.ts";
import { RoundManifestSchema } from "../manifest.ts";
import { SignedQuestionnaireVersion } from "../questionnaire-version.ts";
import {
  Base58Address,
  Base58Signature,
  Base64,
  HexHash,
  IntegerString,
  U64_PATTERN,
  U64String,
  UnixMilliseconds,
} from "../schema.ts";
import { DisputeView } from "./disputes.ts";
import { endpoint, READER_ERRORS } from "./endpoint.ts";
import { EvaluationView } from "./evaluation.ts";
import { FederationParams } from "./federations.ts";

/** A round's number, or "current" for the newest. */
const RoundName = Type.String({ pattern: `^(current|${U64_PATTERN})$` });
export const RoundParams = Type.Object({ federation: Base58Address, round: RoundName });
const UpdateParams = Type.Object({
  federation: Base58Address,
  round: RoundName,
  member: Base58Address,
});

/** State of a round in the service. Only `committed`, `final` and `void` exist on chain. */
export const RoundState = Type.Union([
  Type.Literal("opening"),
  Type.Literal("collecting"),
  Type.Literal("closing"),
  Type.Literal("committing"),
  Type.Literal("committed"),
  Type.Literal("final"),
  Type.Literal("void"),
]);
export type RoundState = Static<typeof RoundState>;

const Transactions = Type.Object({
  open: Type.Union([Base58Signature, Type.Null()]),
  commit: Type.Union([Base58Signature, Type.Null()]),
  finalize: Type.Union([Base58Signature, Type.Null()]),
  void: Type.Union([Base58Signature, Type.Null()]),
});

export const RoundView = Type.Object({
  federation: Base58Address,
  number: U64String,
  address: Base58Address,
  state: RoundState,
  /** The reason, if the round is void or going to be; else null. */
  voidReason: Type.Union([Type.String(), Type.Null()]),
  /** The questionnaire that the round is trained on; absent where it is the configuration's. */
  questionnaire: Type.Optional(SignedQuestionnaireVersion),
  baseRoot: HexHash,
  baseBlob: HexHash,
  nextRoot: Type.Union([HexHash, Type.Null()]),
  nextBlob: Type.Union([HexHash, Type.Null()]),
  updatesRoot: Type.Union([HexHash, Type.Null()]),
  rewardsRoot: Type.Union([HexHash, Type.Null()]),
  manifest: Type.Union([HexHash, Type.Null()]),
  /** Standing updates with a receipt; `counted` and `refused` are those that were screened. */
  received: Type.Integer({ minimum: 0 }),
  counted: Type.Integer({ minimum: 0 }),
  refused: Type.Integer({ minimum: 0 }),
  quorum: Type.Integer({ minimum: 1 }),
  openedAt: Type.Union([UnixMilliseconds, Type.Null()]),
  deadlineAt: Type.Union([UnixMilliseconds, Type.Null()]),
  closedAt: Type.Union([UnixMilliseconds, Type.Null()]),
  committedAt: Type.Union([UnixMilliseconds, Type.Null()]),
  evaluation: Type.Union([EvaluationView, Type.Null()]),
  transactions: Transactions,
  /** In the order in which they were opened. */
  disputes: Type.Array(DisputeView),
});
export type RoundView = Static<typeof RoundView>;

/** One member's update. Every screened update that does not count has a `reason`. */
export const UpdateView = Type.Object({
  member: Base58Address,
  sequence: U64String,
  envelopeHash: HexHash,
  state: Type.Union([
    Type.Literal("received"),
    Type.Literal("counted"),
    Type.Literal("refused"),
    Type.Literal("superseded"),
    Type.Literal("void"),
  ]),
  reason: Type.Union([
    Type.Object({ code: Type.Integer(), name: Type.String(), text: Type.String() }),
    Type.Null(),
  ]),
  weight: Type.Integer({ minimum: 0 }),
  payloadBytes: Type.Integer({ minimum: 0 }),
  payloadHash: HexHash,
  receivedAt: UnixMilliseconds,
  score: Type.Union([IntegerString, Type.Null()]),
});
export type UpdateView = Static<typeof UpdateView>;

/** The aggregator's signed receipt (see receipt.ts). */
export const ReceiptView = Type.Object({
  envelopeHash: HexHash,
  receipt: Base64,
  signature: Base64,
  aggregator: Base58Address,
});
export type ReceiptView = Static<typeof ReceiptView>;

/** Headers of an upload: the signed message and its signature, in base64. */
export const ENVELOPE_HEADER = "plenary-envelope";
export const SIGNATURE_HEADER = "plenary-signature";

export const roundList = endpoint({
  operation: "roundList",
  summary: "Rounds of a federation, newest first. `before` continues an earlier answer.",
  method: "GET",
  path: "/v1/federations/:federation/rounds",
  params: FederationParams,
  query: Type.Object({
    before: Type.Optional(U64String),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  }),
  response: Type.Object({ rounds: Type.Array(RoundView) }),
  access: "reader",
  errors: READER_ERRORS,
});

export const roundRead = endpoint({
  operation: "roundRead",
  summary: 'One round, by number or "current" (the newest).',
  method: "GET",
  path: "/v1/federations/:federation/rounds/:round",
  params: RoundParams,
  response: RoundView,
  access: "reader",
  errors: READER_ERRORS,
});

export const updateSubmit = endpoint({
  operation: "updateSubmit",
  summary:
    "Upload an update: the payload as raw bytes, the signed envelope in headers. Returns a signed receipt.",
  method: "POST",
  path: "/v1/federations/:federation/rounds/:round/updates",
  params: RoundParams,
  body: "bytes",
  response: ReceiptView,
  status: 202,
  access: "member",
  errors: [
    "not-found",
    "malformed-envelope",
    "signature-invalid",
    "wrong-chain",
    "wrong-round",
    "round-closed",
    "base-stale",
    "member-unknown",
    "member-inactive",
    "sequence-stale",
    "equivocation",
    "codec-refused",
    "weight-out-of-range",
    "checkpoints-missing",
    "payload-truncated",
    "payload-too-large",
    "payload-hash-mismatch",
    "content-type-refused",
    "content-encoding-refused",
    "storage-full",
  ],
});

export const updateList = endpoint({
  operation: "updateList",
  summary: "All updates of a round that have a receipt, with their states.",
  method: "GET",
  path: "/v1/federations/:federation/rounds/:round/updates",
  params: RoundParams,
  response: Type.Object({ updates: Type.Array(UpdateView) }),
  access: "reader",
  errors: READER_ERRORS,
});

export const updateRead = endpoint({
  operation: "updateRead",
  summary: "A member's newest update in a round, with its receipt.",
  method: "GET",
  path: "/v1/federations/:federation/rounds/:round/updates/:member",
  params: UpdateParams,
  response: Type.Object({ update: UpdateView, receipt: ReceiptView }),
  access: "reader",
  errors: READER_ERRORS,
});

export const manifestRead = endpoint({
  operation: "manifestRead",
  summary: "The manifest of a committed round, in canonical JSON.",
  method: "GET",
  path: "/v1/federations/:federation/rounds/:round/manifest",
  params: RoundParams,
  response: RoundManifestSchema,
  access: "reader",
  errors: READER_ERRORS,
});

export const equivocationList = endpoint({
  operation: "equivocationList",
  summary:
    "Evidence of equivocation in a round: pairs of updates that a member signed with one sequence. Showing a pair to the chain earns half of the member's stake.",
  method: "GET",
  path: "/v1/federations/:federation/rounds/:round/equivocations",
  params: RoundParams,
  response: Type.Object({ equivocations: Type.Array(EquivocationEvidence) }),
  access: "reader",
  errors: READER_ERRORS,
});

/** One event of the stream. The SSE event name is `type`, the data is this object, ids ascend. */
export const FederationEvent = Type.Object({
  type: Type.Union([
    Type.Literal("round-opened"),
    Type.Literal("update-received"),
    Type.Literal("update-screened"),
    Type.Literal("round-closed"),
    Type.Literal("audits-drawn"),
    Type.Literal("audit-reported"),
    Type.Literal("round-evaluated"),
    Type.Literal("round-committed"),
    Type.Literal("round-final"),
    Type.Literal("round-void"),
    Type.Literal("dispute-opened"),
    Type.Literal("dispute-answered"),
    Type.Literal("dispute-resolved"),
    Type.Literal("federation-changed"),
  ]),
  federation: Base58Address,
  round: Type.Union([U64String, Type.Null()]),
  member: Type.Optional(Base58Address),
  at: UnixMilliseconds,
});
export type FederationEvent = Static<typeof FederationEvent>;

export const eventStream = endpoint({
  operation: "eventStream",
  summary: "Events of a federation, as server-sent events. Last-Event-ID resumes a stream.",
  method: "GET",
  path: "/v1/federations/:federation/events",
  params: FederationParams,
  response: "events",
  access: "reader",
  errors: READER_ERRORS,
});
