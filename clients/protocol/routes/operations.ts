import Type, { type Static } from "typebox";
import { Base58Signature, U64String, UnixMilliseconds } from "../schema.ts";
import { endpoint, SIGNED_ERRORS } from "./endpoint.ts";
import { FederationParams } from "./federations.ts";
import { RoundState } from "./rounds.ts";

/** A transaction that the service has planned and not yet seen confirmed. */
export const PendingTransactionView = Type.Object({
  round: U64String,
  kind: Type.Union([
    Type.Literal("open"),
    Type.Literal("audit-draw"),
    Type.Literal("commit"),
    Type.Literal("finalize"),
    Type.Literal("void"),
  ]),
  /** The last attempt's signature; null before the first attempt. */
  signature: Type.Union([Base58Signature, Type.Null()]),
  attempts: Type.Integer({ minimum: 0 }),
  lastError: Type.Union([Type.String(), Type.Null()]),
  plannedAt: UnixMilliseconds,
});

/** The work that a federation's rounds wait for, for its authority. */
export const OperationsView = Type.Object({
  /** The newest round; null before the first. */
  round: Type.Union([
    Type.Object({
      number: U64String,
      state: RoundState,
      /** The reason, if the round is going to be voided. */
      voidReason: Type.Union([Type.String(), Type.Null()]),
    }),
    Type.Null(),
  ]),
  transactions: Type.Array(PendingTransactionView),
  /** Updates of open rounds that are not yet screened. */
  unscreened: Type.Integer({ minimum: 0 }),
});
export type OperationsView = Static<typeof OperationsView>;

export const operationsRead = endpoint({
  operation: "operationsRead",
  summary:
    "The work that rounds wait for: unconfirmed transactions and updates that are not yet screened.",
  method: "GET",
  path: "/v1/federations/:federation/operations",
  params: FederationParams,
  response: OperationsView,
  access: "authority",
  errors: ["not-found", "not-authority", ...SIGNED_ERRORS],
});

export const operationsRetry = endpoint({
  operation: "operationsRetry",
  summary: "Queue all due work of the federation now, without waiting for the reconciler.",
  method: "POST",
  path: "/v1/federations/:federation/operations/retry",
  params: FederationParams,
  response: OperationsView,
  access: "authority",
  errors: ["not-found", "not-authority", ...SIGNED_ERRORS],
});
