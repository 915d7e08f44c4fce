import {
  type FederationConfiguration,
  FederationConfigurationSchema,
  PlenaryError,
  type PluginConfiguration,
  parserOf,
} from "@plenary/protocol";
import Type, { type Static } from "typebox";

const Plugin = Type.Unsafe<PluginConfiguration>(
  Type.Object({ name: Type.String() }, { additionalProperties: true }),
);
const CLOSED = { additionalProperties: false } as const;
const Settings = Type.Record(Type.String(), Type.Unknown());
const [, version2] = FederationConfigurationSchema.anyOf;
const { limits, rounds, audits, rewardPerRound, questionnaire } = version2.properties;

/**
 * Any sections of a configuration. A whole one may be given too: what it says of the data by hash
 * must then be what the data are.
 */
const Sections = Type.Partial(
  Type.Object({
    version: Type.Integer({ minimum: 1, maximum: 2 }),
    name: Type.String({ minLength: 1, maxLength: 128 }),
    visibility: Type.Literal("private"),
    predictor: Plugin,
    training: Settings,
    strategy: Plugin,
    aggregator: Plugin,
    codecs: Type.Array(Type.Union([Type.String(), Plugin]), { minItems: 1 }),
    pipeline: Type.Array(Plugin),
    screening: Type.Object({ maxNorm: Type.Number() }, CLOSED),
    contribution: Plugin,
    limits: Type.Partial(limits, CLOSED),
    rounds: Type.Partial(rounds, CLOSED),
    rewardPerRound,
    audits,
    questionnaire,
    initialModel: questionnaire,
    parameterCount: Type.Integer(),
    heldOut: Type.Union([questionnaire, Type.Null()]),
  }),
  CLOSED,
);
export type ConfigurationSections = Static<typeof Sections>;

/** Throws `invalid-input` naming the field that is wrong or not known. */
export const parseSections: (value: unknown) => ConfigurationSections = parserOf(
  Sections,
  "Configuration",
);

const NAMING_DATA = ["questionnaire", "initialModel", "parameterCount", "heldOut"] as const;

/**
 * Compares what given sections say of the data with what the data make. Throws `invalid-input`
 * naming the field.
 */
export function checkHashes(given: ConfigurationSections, made: FederationConfiguration): void {
  for (const field of NAMING_DATA)
    if (given[field] !== undefined && given[field] !== made[field])
      throw new PlenaryError(
        "invalid-input",
        `Configuration: ${field} is ${given[field]}, but these data, predictor and seed make ${made[field]}. Leave the field out, or give the data that it names.`,
        { field, expected: String(given[field]), actual: String(made[field]) },
      );
}
