import Type, { type Static } from "typebox";
import { Base58Address, Base58Signature, U64String, UnixMilliseconds } from "../schema.ts";

/** A challenge of a committed round, as far as the service has followed it on chain. */
export const DisputeView = Type.Object({
  address: Base58Address,
  kind: Type.Union([
    Type.Literal("chunk"),
    Type.Literal("envelope"),
    Type.Literal("omission"),
    Type.Literal("shortfall"),
    Type.Literal("total"),
  ]),
  /** Chunk or leaf that it was opened about; 0 for omissions and totals. Probes may have moved it since. */
  subject: Type.Integer({ minimum: 0 }),
  challenger: Base58Address,
  /** Base units; null for one that had ended before the service wrote deposits down. */
  deposit: Type.Union([U64String, Type.Null()]),
  openedAt: UnixMilliseconds,
  state: Type.Union([Type.Literal("open"), Type.Literal("ended")]),
  /** What the aggregator was asked to show and is not known to have shown, in words, and its last moment to. */
  demanded: Type.Union([
    Type.Object({ piece: Type.String(), until: UnixMilliseconds }),
    Type.Null(),
  ]),
  /** Null while it goes on, and where the chain did not show the service how it ended. A fault is stated where it was upheld. */
  ending: Type.Union([
    Type.Object({
      verdict: Type.Union([Type.Literal("upheld"), Type.Literal("rejected"), Type.Literal("moot")]),
      fault: Type.Union([Type.Object({ name: Type.String(), text: Type.String() }), Type.Null()]),
      transaction: Base58Signature,
    }),
    Type.Null(),
  ]),
});
export type DisputeView = Static<typeof DisputeView>;
