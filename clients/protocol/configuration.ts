import Type, { type Static, type TSchema } from "typebox";
import { fromBase58 } from "./bytes.ts";
import { hashJson } from "./canonical-json.ts";
import { PlenaryError } from "./errors.ts";
import { Base58Address, HexHash, parserOf, U64String } from "./schema.ts";

/**
 * Every partial sum of a round stays an integer below 2^53 while sum w < 2^26 and |delta| < 2^27.
 */
export const TOTAL_WEIGHT_LIMIT = 2 ** 26;
/** Every entry of an update is smaller than this in magnitude. */
export const DELTA_LIMIT = 2 ** 27;
/** Most parameters that a model may have. */
export const PARAMETER_LIMIT = 2 ** 26;
/** Most updates that a round may count. */
export const UPDATE_LIMIT = 4096;

/**
 * A plug-in by its name. The registry that knows the name checks the other fields, the plug-in's
 * parameters.
 */
export interface PluginConfiguration {
  readonly name: string;
  readonly [parameter: string]: unknown;
}
const Plugin = Type.Unsafe<PluginConfiguration>(
  Type.Object(
    { name: Type.String({ minLength: 1, maxLength: 64 }) },
    { additionalProperties: true },
  ),
);

/** How the training of members is audited. */
const Audits = Type.Object(
  {
    /** Keys that sign audit reports. */
    auditors: Type.Array(Base58Address, { minItems: 1, maxItems: 16, uniqueItems: true }),
    /** Steps between two checkpoints. */
    checkpointEvery: Type.Integer({ minimum: 1, maximum: 100_000 }),
    /** Members drawn in each round. */
    membersPerRound: Type.Integer({ minimum: 1, maximum: UPDATE_LIMIT }),
    /** Segments of each drawn member's training that are run again. */
    segmentsPerMember: Type.Integer({ minimum: 1, maximum: 100_000 }),
    mode: Type.Union([
      /**
       * Members and auditors train with the WebAssembly engine, and their results must be equal to
       * the bit.
       */
      Type.Object({ name: Type.Literal("reproducible") }, { additionalProperties: false }),
      /**
       * Any engine. A segment may end this far from the auditor's, relative to the distance that it
       * moved (L2 norms).
       */
      Type.Object(
        {
          name: Type.Literal("native"),
          tolerance: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
        },
        { additionalProperties: false },
      ),
    ]),
    /** Seconds that a closed round waits for missing reports. */
    waitSeconds: Type.Integer({ minimum: 1, maximum: 30 * 86_400 }),
  },
  { additionalProperties: false },
);
/**
 * How a federation audits training: how many updates, by how many auditors, and within what
 * tolerance.
 */
export type AuditConfiguration = Static<typeof Audits>;

/** The section of a configuration alone. Throws `invalid-input` naming the field that is wrong. */
export const parseAudits: (value: unknown) => AuditConfiguration = parserOf(
  Audits,
  "Configuration: audits",
);

const Limits = Type.Object(
  {
    maxUpdates: Type.Integer({ minimum: 1, maximum: UPDATE_LIMIT }),
    maxWeight: Type.Integer({ minimum: 1, maximum: TOTAL_WEIGHT_LIMIT }),
    maxPayloadBytes: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }),
  },
  { additionalProperties: false },
);

const Rounds = Type.Object(
  {
    /** Updates that close a round at once. */
    quorum: Type.Integer({ minimum: 1, maximum: UPDATE_LIMIT }),
    /** Updates without which a round is void at its deadline. */
    minimum: Type.Integer({ minimum: 1, maximum: UPDATE_LIMIT }),
    deadlineSeconds: Type.Integer({ minimum: 1, maximum: 30 * 86_400 }),
    /**
     * Time that a round collects at least while a member has not sent its update, also once the
     * quorum counts, so that those who have just joined get in; absent, the quorum closes it.
     */
    collectSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * 86_400 })),
    /** Time after the deadline in which the aggregator must commit. */
    graceSeconds: Type.Integer({ minimum: 1, maximum: 30 * 86_400 }),
    /** Rounds after which the federation is complete; 0 for a federation without an end. */
    total: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
  },
  { additionalProperties: false },
);

/** The forms of the plug-ins that a process knows. */
export interface PluginSchemas {
  readonly strategy: TSchema;
  readonly aggregator: TSchema;
  readonly codec: TSchema;
  readonly updateStep: TSchema;
  readonly contribution: TSchema;
}

function sharedFields<P extends PluginSchemas>({ strategy, aggregator, contribution }: P) {
  return {
    name: Type.String({ minLength: 1, maxLength: 128 }),
    /** Whether only members may read rounds, updates and blobs; absent, everybody may. */
    visibility: Type.Optional(Type.Literal("private")),
    /** Blob of the questionnaire's canonical JSON. */
    questionnaire: HexHash,
    predictor: Plugin,
    training: Type.Unsafe<Readonly<Record<string, unknown>>>(
      Type.Object({}, { additionalProperties: true }),
    ),
    /** Blob of the first model, int32 little-endian. */
    initialModel: HexHash,
    parameterCount: Type.Integer({ minimum: 1, maximum: PARAMETER_LIMIT }),
    strategy: strategy as P["strategy"],
    aggregator: aggregator as P["aggregator"],
    screening: Type.Object(
      {
        /** Largest L2 norm of an update, in real units; 0 for any norm. */
        maxNorm: Type.Number({ minimum: 0, maximum: 1e9 }),
      },
      { additionalProperties: false },
    ),
    contribution: contribution as P["contribution"],
    /** Blob of the public answers that models are evaluated on (an answer set), or null. */
    heldOut: Type.Union([HexHash, Type.Null()]),
    limits: Limits,
    rounds: Rounds,
    /** Most that one round may pay, in base units of the reward mint. */
    rewardPerRound: U64String,
    /** Absent: training is not audited. */
    audits: Type.Optional(Audits),
  };
}

const MOST_CODECS = 16;
const MOST_STEPS = 8;

/**
 * What a federation has agreed on: the hash of its canonical JSON is recorded on chain. Version 1
 * names its codecs and has no steps between training and compression.
 */
export function configurationSchema<P extends PluginSchemas>(plugins: P) {
  const version1 = Type.Object(
    {
      version: Type.Literal(1),
      ...sharedFields(plugins),
      codecs: Type.Array(Type.String({ minLength: 1, maxLength: 32 }), {
        minItems: 1,
        maxItems: MOST_CODECS,
        uniqueItems: true,
      }),
    },
    { additionalProperties: false },
  );
  const version2 = Type.Object(
    {
      version: Type.Literal(2),
      ...sharedFields(plugins),
      codecs: Type.Array(plugins.codec as P["codec"], { minItems: 1, maxItems: MOST_CODECS }),
      /** Steps between training and compression, in their order. */
      pipeline: Type.Array(plugins.updateStep as P["updateStep"], { maxItems: MOST_STEPS }),
    },
    { additionalProperties: false },
  );
  return Type.Union([version1, version2]);
}

/**
 * A configuration with any plug-ins. The packages that implement plug-ins check theirs further:
 * `createAlgorithms` of @plenary/algorithms, `createPredictor` of @plenary/training.
 */
export const FederationConfigurationSchema = configurationSchema({
  strategy: Plugin,
  aggregator: Plugin,
  codec: Plugin,
  updateStep: Plugin,
  contribution: Plugin,
});
/** The JSON that members agree on by its hash: predictor, rules, limits, rewards. */
export type FederationConfiguration = Static<typeof FederationConfigurationSchema>;

/** A federation's codecs, the first of which members use by default. */
export function codecConfigurations(
  configuration: Pick<FederationConfiguration, "codecs">,
): readonly PluginConfiguration[] {
  return configuration.codecs.map((codec) => (typeof codec === "string" ? { name: codec } : codec));
}

/** The steps between a member's training and its compression. */
export function pipelineConfigurations(
  configuration: FederationConfiguration,
): readonly PluginConfiguration[] {
  return configuration.version === 1 ? [] : configuration.pipeline;
}

const parseForm = parserOf(FederationConfigurationSchema, "Configuration");

/** Throws `invalid-input` naming the field that is wrong. */
export function parseConfiguration(value: unknown): FederationConfiguration {
  return checkConfiguration(parseForm(value));
}

/** Checks which values fit together, beyond their form. Throws `invalid-input` naming the field. */
export function checkConfiguration(
  configuration: FederationConfiguration,
): FederationConfiguration {
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
  checkCollecting(configuration);
  checkAudits(configuration);
  return configuration;
}

function checkCollecting({ rounds }: FederationConfiguration): void {
  const { collectSeconds = 0, deadlineSeconds } = rounds;
  if (collectSeconds <= deadlineSeconds) return;
  throw new PlenaryError(
    "invalid-input",
    `Configuration: rounds.collectSeconds is ${collectSeconds}, which must not be above rounds.deadlineSeconds, ${deadlineSeconds}.`,
    { field: "rounds.collectSeconds", collectSeconds, deadlineSeconds },
  );
}

function checkAudits({ audits, rounds }: FederationConfiguration): void {
  if (audits === undefined) return;
  for (const auditor of audits.auditors) fromBase58(auditor);
  if (audits.waitSeconds < rounds.graceSeconds) return;
  throw new PlenaryError(
    "invalid-input",
    "Configuration: audits.waitSeconds must be below rounds.graceSeconds, else a round that waits for its audits could not be committed in time.",
    {
      field: "audits.waitSeconds",
      waitSeconds: audits.waitSeconds,
      graceSeconds: rounds.graceSeconds,
    },
  );
}

/** The hash in the Federation account. */
export function configurationHash(configuration: FederationConfiguration): Uint8Array {
  return hashJson(configuration);
}
