import Type, { type Static } from "typebox";
import { Base58Address, HexHash } from "../schema.ts";
import { endpoint } from "./endpoint.ts";

/** What signed requests to this service name: see ServiceIdentity. */
export const ServiceView = Type.Object({
  genesisHash: HexHash,
  programId: Base58Address,
  aggregator: Base58Address,
});
export type ServiceView = Static<typeof ServiceView>;

export const serviceRead = endpoint({
  operation: "serviceRead",
  summary:
    "Chain, program and aggregator key of this service: what a federation names, and signed requests with it.",
  method: "GET",
  path: "/v1/service",
  response: ServiceView,
});
