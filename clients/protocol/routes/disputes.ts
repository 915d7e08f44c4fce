import Type, { type Static } from "typebox";
import { Base58Address, Base58Signature, U64String, UnixMilliseconds } from "../schema.ts";

/** A dispute of a committed round, as far as the service has followed it on chain. */
export const DisputeView = Type.Object({
  address: Base58Address,
  kind: Type.Union([
    Type.Literal("chunk"),
    Type.Literal("envelope"),
    Type.Literal("omission"),
    Type.Literal("shortfall"),
    Type.Literal("total"),
  ]),
  /** The chunk or leaf in question at first; 0 for omissions and totals. Probes may move it. */
  subject: Type.Integer({ minimum: 0 }),
  challenger: Base58Address,
  /** In base units; null if the dispute ended before the service recorded deposits. */
  deposit: Type.Union([U64String, Type.Null()]),
  openedAt: UnixMilliseconds,
  state: Type.Union([Type.Literal("open"), Type.Literal("ended")]),
  /** The piece that the aggregator must still show, in words, and its deadline. */
  demanded: Type.Union([
    Type.Object({ piece: Type.String(), until: UnixMilliseconds }),
    Type.Null(),
  ]),
  /**
   * Null while the dispute is open, and if the chain did not show the service how it ended. States
   * the fault if the dispute was upheld.
   */
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
