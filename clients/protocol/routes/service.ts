import Type, { type Static } from "typebox";
import { Base58Address, HexHash } from "../schema.ts";
import { endpoint } from "./endpoint.ts";

/** The identity that signed requests to this service name (see ServiceIdentity). */
export const ServiceView = Type.Object({
  genesisHash: HexHash,
  programId: Base58Address,
  aggregator: Base58Address,
});
export type ServiceView = Static<typeof ServiceView>;

export const serviceRead = endpoint({
  operation: "serviceRead",
  summary:
    "Chain, program and aggregator key of this service, which federations and signed requests name.",
  method: "GET",
  path: "/v1/service",
  response: ServiceView,
});
