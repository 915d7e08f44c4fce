import Type, { type Static } from "typebox";
import { hashJson } from "./canonical-json.ts";
import { PlenaryError } from "./errors.ts";
import { HexHash, parserOf, U64String } from "./schema.ts";

/** Every partial sum of a round stays an integer below 2^53 while sum w < 2^26 and |delta| < 2^27. */
export const TOTAL_WEIGHT_LIMIT = 2 ** 26;
export const DELTA_LIMIT = 2 ** 27;
const PARAMETER_LIMIT = 2 ** 26;
const UPDATE_LIMIT = 4096;

/** A plug-in chosen by name; its other fields are its own parameters, checked by the registry that knows it. */
export interface PluginConfiguration {
  readonly name: string;
  readonly [parameter: string]: unknown;
}
const Plugin = Type.Unsafe<PluginConfiguration>(
  Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: true }),
);

/**
 * What a federation has agreed on: the hash of its canonical JSON stands on chain. `predictor`, `training`, `strategy`, `aggregator` and
 * `contribution` are checked further by the packages that implement them.
 */
export const FederationConfigurationSchema = Type.Object(
  {
    version: Type.Literal(1),
    name: Type.String({ minLength: 1, maxLength: 128 }),
    /** Blob of the questionnaire's canonical JSON. */
    questionnaire: HexHash,
    predictor: Plugin,
    training: Type.Unsafe<Readonly<Record<string, unknown>>>(Type.Object({}, { additionalProperties: true })),
    /** Blob of the first model, int32 little-endian. */
    initialModel: HexHash,
    parameterCount: Type.Integer({ minimum: 1, maximum: PARAMETER_LIMIT }),
    strategy: Plugin,
    aggregator: Plugin,
    codecs: Type.Array(Type.String({ minLength: 1, maxLength: 32 }), {
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
    }),
    screening: Type.Object(
      {
        /** Largest L2 norm of an update, in real units; 0 is no limit. */
        maxNorm: Type.Number({ minimum: 0, maximum: 1e9 }),
      },
      { additionalProperties: false },
    ),
    contribution: Plugin,
    /** Blob of the public answers that every model is evaluated on (canonical JSON of an answer set), or null. */
    heldOut: Type.Union([HexHash, Type.Null()]),
    limits: Type.Object(
      {
        maxUpdates: Type.Integer({ minimum: 1, maximum: UPDATE_LIMIT }),
        maxWeight: Type.Integer({ minimum: 1, maximum: TOTAL_WEIGHT_LIMIT }),
        maxPayloadBytes: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }),
      },
      { additionalProperties: false },
    ),
    rounds: Type.Object(
      {
        /** Updates that close a round at once. */
        quorum: Type.Integer({ minimum: 1, maximum: UPDATE_LIMIT }),
        /** Updates without which a round is void at its deadline. */
        minimum: Type.Integer({ minimum: 1, maximum: UPDATE_LIMIT }),
        deadlineSeconds: Type.Integer({ minimum: 1, maximum: 30 * 86_400 }),
        /** Time after the deadline in which the aggregator must commit. */
        graceSeconds: Type.Integer({ minimum: 1, maximum: 30 * 86_400 }),
        /** Rounds after which the federation rests; 0 is no end. */
        total: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
      },
      { additionalProperties: false },
    ),
    /** Most that one round may pay, in base units of the reward mint. */
    rewardPerRound: U64String,
  },
  { additionalProperties: false },
);
export type FederationConfiguration = Static<typeof FederationConfigurationSchema>;

const parseForm = parserOf(FederationConfigurationSchema, "Configuration");

/** Throws `invalid-input` naming the field that is wrong. */
export function parseConfiguration(value: unknown): FederationConfiguration {
  const configuration = parseForm(value);
  const { maxUpdates, maxWeight } = configuration.limits;
  if (maxUpdates * maxWeight >= TOTAL_WEIGHT_LIMIT)
    throw new PlenaryError(
      "invalid-input",
      `Configuration: limits.maxUpdates x limits.maxWeight must be below 2^26, else the last members of a round could not be summed exactly; it is ${maxUpdates * maxWeight}.`,
      { field: "limits", maxUpdates, maxWeight },
    );
  const { quorum, minimum } = configuration.rounds;
  if (quorum > maxUpdates || minimum > quorum)
    throw new PlenaryError(
      "invalid-input",
      "Configuration: rounds.minimum <= rounds.quorum <= limits.maxUpdates must hold.",
      {
        field: "rounds.quorum",
        minimum,
        quorum,
        maxUpdates,
      },
    );
  return configuration;
}

/** The hash that stands in the Federation account. */
export function configurationHash(configuration: FederationConfiguration): Uint8Array {
  return hashJson(configuration);
}
