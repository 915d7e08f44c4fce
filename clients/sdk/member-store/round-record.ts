import { Base58Address, Base64, HexHash, parserOf, U64String } from "@plenary/protocol";
import Type, { type Static } from "typebox";

/**
 * The fate of a member's update. `missed`: the round closed before the update got a receipt.
 * `omitted`: the update got a receipt, and the round was committed without it.
 */
export const Outcome = Type.Union([
  Type.Literal("counted"),
  Type.Literal("refused"),
  Type.Literal("omitted"),
  Type.Literal("void"),
  Type.Literal("missed"),
]);
export type Outcome = Static<typeof Outcome>;

const Receipt = Type.Object(
  { receipt: Base64, signature: Base64, aggregator: Base58Address },
  { additionalProperties: false },
);
export type StoredReceipt = Static<typeof Receipt>;

const RoundRecordSchema = Type.Object(
  {
    version: Type.Literal(1),
    round: U64String,
    sequence: U64String,
    baseRoot: HexHash,
    /** The signed envelope: written before it is sent anywhere. */
    envelope: Base64,
    signature: Base64,
    payloadHash: HexHash,
    weight: Type.Integer({ minimum: 1 }),
    loss: Type.Number(),
    /** File of the optimiser's state after this training, or null if it has none. */
    optimizer: Type.Union([HexHash, Type.Null()]),
    /** File of the pipeline's state after this update; absent or null if it keeps none. */
    pipeline: Type.Optional(Type.Union([HexHash, Type.Null()])),
    /** For audits: the training commitment, and the files of checkpoint 1 and later. */
    training: Type.Optional(
      Type.Object(
        { commitment: Base64, checkpoints: Type.Array(HexHash) },
        { additionalProperties: false },
      ),
    ),
    receipt: Type.Union([Receipt, Type.Null()]),
    outcome: Type.Union([Outcome, Type.Null()]),
  },
  { additionalProperties: false },
);
/** A member's part of one round, as its state folder keeps it. */
export type RoundRecord = Static<typeof RoundRecordSchema>;

export const parseRoundRecord = parserOf(RoundRecordSchema, "The member's record of a round");

const IdentitySchema = Type.Object(
  {
    version: Type.Literal(1),
    genesisHash: HexHash,
    programId: Base58Address,
    federation: Base58Address,
    member: Base58Address,
    /** Seeds the member's draws. Secret, for it tells which answers a step showed. */
    seed: HexHash,
  },
  { additionalProperties: false },
);
/** The member that a folder's state belongs to. */
export type MemberIdentity = Static<typeof IdentitySchema>;

export const parseIdentity = parserOf(IdentitySchema, "The member's state");
