import Type, { type Static } from "typebox";
import { Base58Signature, U64String, UnixMilliseconds } from "../schema.ts";
import { endpoint, SIGNED_ERRORS } from "./endpoint.ts";
import { FederationParams } from "./federations.ts";
import { RoundState } from "./rounds.ts";

/** A transaction that the service wants on chain and has not seen confirmed. */
export const PendingTransactionView = Type.Object({
  round: U64String,
  kind: Type.Union([
    Type.Literal("open"),
    Type.Literal("audit-draw"),
    Type.Literal("commit"),
    Type.Literal("finalize"),
    Type.Literal("void"),
  ]),
  /** Of the last attempt; null before the first. */
  signature: Type.Union([Base58Signature, Type.Null()]),
  attempts: Type.Integer({ minimum: 0 }),
  lastError: Type.Union([Type.String(), Type.Null()]),
  plannedAt: UnixMilliseconds,
});

/** What a federation's rounds wait for, as its authority is told. */
export const OperationsView = Type.Object({
  /** The newest round; null before the first. */
  round: Type.Union([
    Type.Object({
      number: U64String,
      state: RoundState,
      /** Why it is to be made void, where it is. */
      voidReason: Type.Union([Type.String(), Type.Null()]),
    }),
    Type.Null(),
  ]),
  transactions: Type.Array(PendingTransactionView),
  /** Updates of open rounds that are not screened yet. */
  unscreened: Type.Integer({ minimum: 0 }),
});
export type OperationsView = Static<typeof OperationsView>;

export const operationsRead = endpoint({
  operation: "operationsRead",
  summary:
    "What the federation's rounds wait for: transactions that are not confirmed, updates not screened.",
  method: "GET",
  path: "/v1/federations/:federation/operations",
  params: FederationParams,
  response: OperationsView,
  access: "authority",
  errors: ["not-found", "not-authority", ...SIGNED_ERRORS],
});

export const operationsRetry = endpoint({
  operation: "operationsRetry",
  summary:
    "Queue again all that is due in the federation, now instead of when the reconciler comes to it.",
  method: "POST",
  path: "/v1/federations/:federation/operations/retry",
  params: FederationParams,
  response: OperationsView,
  access: "authority",
  errors: ["not-found", "not-authority", ...SIGNED_ERRORS],
});
