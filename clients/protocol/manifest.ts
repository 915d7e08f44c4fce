import Type, { type Static } from "typebox";
import { SignedQuestionnaireVersion } from "./questionnaire-version.ts";
import { Base58Address, Base64, HexHash, IntegerString, parserOf, U64String } from "./schema.ts";

const Vector = Type.Object({ root: HexHash, blob: HexHash }, { additionalProperties: false });

const ManifestUpdate = Type.Object(
  {
    member: Base58Address,
    /** The member's update-signing key in this round. */
    signingKey: Base58Address,
    /**
     * The signed message (see envelope.ts) and its signature. It holds everything else that the
     * member stated.
     */
    envelope: Base64,
    signature: Base64,
    /** Counted weight: 0 if refused. */
    weight: Type.Integer({ minimum: 0 }),
    /** Reason code (see reasons.ts): 0 is counted. */
    reason: Type.Integer({ minimum: 0, maximum: 255 }),
  },
  { additionalProperties: false },
);

/**
 * Everything that a stranger needs to redo a round, in canonical JSON. Its hash is committed on
 * chain. The leaves of the updates tree follow from `updates`, which ascend by member, and the
 * leaves of the rewards tree from `rewards`, likewise.
 */
export const RoundManifestSchema = Type.Object(
  {
    version: Type.Literal(1),
    genesisHash: HexHash,
    programId: Base58Address,
    federation: Base58Address,
    round: U64String,
    configuration: HexHash,
    /** The questionnaire of the round, if it is not the configuration's. */
    questionnaire: Type.Optional(SignedQuestionnaireVersion),
    /** Manifest of the last committed round, or null: `rewards` continues from it. */
    previous: Type.Union([HexHash, Type.Null()]),
    seed: HexHash,
    parameterCount: Type.Integer({ minimum: 1 }),
    base: Vector,
    next: Vector,
    stateBefore: Vector,
    stateAfter: Vector,
    updates: Type.Array(ManifestUpdate),
    updatesRoot: HexHash,
    totalWeight: Type.Integer({ minimum: 0 }),
    /** Contribution of each counted update, an integer; negative scores pay nothing. */
    scores: Type.Array(
      Type.Object({ member: Base58Address, score: IntegerString }, { additionalProperties: false }),
    ),
    /** Earnings of every member since the federation began. */
    rewards: Type.Array(
      Type.Object(
        { member: Base58Address, cumulative: U64String },
        { additionalProperties: false },
      ),
    ),
    rewardsRoot: HexHash,
    cumulativeRewards: U64String,
    /** Findings of the audits of training; absent where the configuration has no audits. */
    audits: Type.Optional(
      Type.Object(
        {
          /**
           * The slot hash of the program's draw. Hashed with all envelopes, it gives the draw in
           * the Round account.
           */
          slotHash: HexHash,
          /** The auditors' signed reports (see audit-report.ts), ascending by member. */
          reports: Type.Array(
            Type.Object({ report: Base64, signature: Base64 }, { additionalProperties: false }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
/** A round's canonical JSON: everything that a replay needs, by hash. */
export type RoundManifest = Static<typeof RoundManifestSchema>;
/** One update with a receipt, as a manifest lists it. */
export type ManifestUpdate = RoundManifest["updates"][number];

/** Throws `invalid-input` naming the field that is wrong. */
export const parseManifest: (value: unknown) => RoundManifest = parserOf(
  RoundManifestSchema,
  "Manifest",
);
