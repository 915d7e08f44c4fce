import { createAlgorithms, REGISTRIES, type Registries } from "@plenary/algorithms";
import {
  type AnswerSet,
  type AuditConfiguration,
  canonicalJson,
  type FederationConfiguration,
  type PluginConfiguration,
  parseAnswers,
  type Seed,
  sha256,
  toHex,
  vectorToBytes,
} from "@plenary/protocol";
import {
  checkPublicData,
  checkRegistrable,
  createPredictor,
  DEFAULT_PREDICTOR,
  parseTrainingSettings,
} from "@plenary/training";
import type { Dataset } from "../answers/index.ts";
import {
  type ConfigurationSections,
  checkHashes,
  parseSections,
} from "./configuration-sections.ts";
import {
  DEFAULT_REWARD,
  defaultLimits,
  defaultRounds,
  payBy,
  trainingOf,
} from "./plan-defaults.ts";

/** The choices behind a configuration. Those left out have defaults. */
export interface FederationPlan {
  readonly name: string;
  /** Whether only members may read the federation's rounds, updates and blobs at the service. */
  readonly private?: boolean;
  /**
   * Sections of a configuration, as in a file of one. What the plan states itself wins over them.
   */
  readonly configuration?: ConfigurationSections | undefined;
  readonly dataset: Pick<Dataset, "questionnaire" | "embeddingBytes" | "embeddings">;
  /** Public answers that every model is evaluated on; null for none. */
  readonly heldOut: AnswerSet | null;
  /** Public answers that contribution is measured on; `heldOut` by default. */
  readonly scoredOn?: AnswerSet;
  /** Number of updates that close a round; 3 by default. */
  readonly quorum?: number | undefined;
  /** Seed of the first model. */
  readonly seed: Seed;
  readonly predictor?: PluginConfiguration;
  readonly training?: Readonly<Record<string, unknown>>;
  readonly strategy?: PluginConfiguration;
  readonly aggregator?: PluginConfiguration;
  /** Steps between training and the codec. */
  readonly pipeline?: readonly PluginConfiguration[];
  readonly contribution?: PluginConfiguration;
  /**
   * Codecs by name, or with their parameters; the first is what members use unless told otherwise.
   */
  readonly codecs?: readonly (string | PluginConfiguration)[];
  readonly maxNorm?: number;
  readonly limits?: Partial<FederationConfiguration["limits"]>;
  readonly rounds?: Partial<FederationConfiguration["rounds"]>;
  /** In base units of the reward mint. */
  readonly rewardPerRound?: bigint;
  /** How training is audited. No audits by default. */
  readonly audits?: AuditConfiguration | undefined;
  /** The plug-ins that the configuration may name; those that Plenary comes with by default. */
  readonly registries?: Registries | undefined;
}

/** A configuration, with everything that it names by hash. */
export interface PlannedFederation {
  readonly configuration: FederationConfiguration;
  readonly initialModel: Int32Array;
  /** By lowercase hexadecimal SHA-256. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** With room for questions that are added later: a model of usual size is a tenth longer. */
const ROOMY_PREDICTOR: PluginConfiguration = {
  ...DEFAULT_PREDICTOR.tilt,
  reserve: { questions: 32, options: 160 },
};

/**
 * Makes a federation's configuration and the blobs that it names. Defaults: the tilt predictor,
 * FedAvg, int8 updates, and pay by leave-one-out on the held-out answers (without them, by capped
 * data size). Throws `invalid-input` naming the wrong field.
 */
export function planFederation(plan: FederationPlan): PlannedFederation {
  const { questionnaire, embeddingBytes, embeddings } = plan.dataset;
  const given = parseSections(plan.configuration ?? {});
  const scoredOn = plan.scoredOn ?? plan.heldOut;
  const heldOut = [plan.heldOut, scoredOn].filter((answers) => answers !== null);
  checkPublicData(
    questionnaire,
    heldOut.map((answers) => parseAnswers(answers, questionnaire)),
  );
  const { blobs, keep, keepJson } = blobKeeper();
  const chosen = plan.predictor ?? given.predictor ?? ROOMY_PREDICTOR;
  const predictor = createPredictor(chosen, questionnaire, embeddings);
  const initialModel = predictor.initialParameters(plan.seed);
  keep(embeddingBytes);
  const registries = plan.registries ?? REGISTRIES;
  const codecs = codecsOf(plan.codecs ?? given.codecs ?? ["int8", "int32"]);
  const training = { ...trainingOf(chosen.name), ...given.training, ...plan.training };
  parseTrainingSettings(training);
  const isPrivate = plan.private ?? given.visibility === "private";
  const limits = defaultLimits(codecs, predictor.parameterCount, registries);
  const rounds = { ...given.rounds, ...plan.rounds };
  const quorum = plan.quorum ?? rounds.quorum;
  const audits = plan.audits ?? given.audits;
  const wanted = {
    version: 2,
    name: plan.name,
    ...(isPrivate && { visibility: "private" }),
    questionnaire: keepJson(questionnaire),
    predictor: chosen,
    training,
    initialModel: keep(vectorToBytes(initialModel)),
    parameterCount: predictor.parameterCount,
    strategy: plan.strategy ?? given.strategy ?? { name: "fedavg" },
    aggregator: plan.aggregator ?? given.aggregator ?? { name: "mean" },
    codecs,
    pipeline: [...(plan.pipeline ?? given.pipeline ?? [])],
    screening: { maxNorm: plan.maxNorm ?? given.screening?.maxNorm ?? 0 },
    contribution: payBy(plan.contribution ?? given.contribution, scoredOn, keepJson),
    heldOut: plan.heldOut === null ? null : keepJson(plan.heldOut),
    limits: { ...limits, ...given.limits, ...plan.limits },
    rounds: { ...defaultRounds(quorum), ...rounds, ...(quorum !== undefined && { quorum }) },
    rewardPerRound: plan.rewardPerRound?.toString() ?? given.rewardPerRound ?? DEFAULT_REWARD,
    ...(audits && { audits }),
  };
  const { configuration } = createAlgorithms(wanted, registries);
  checkRegistrable(configuration, registries);
  checkHashes(given, configuration);
  return { configuration, initialModel, blobs };
}

function codecsOf(codecs: readonly (string | PluginConfiguration)[]): PluginConfiguration[] {
  return codecs.map((codec) => (typeof codec === "string" ? { name: codec } : codec));
}

/** Collects blobs, and names each by its hash. */
function blobKeeper() {
  const blobs = new Map<string, Uint8Array>();
  const keep = (bytes: Uint8Array): string => {
    const hash = toHex(sha256(bytes));
    blobs.set(hash, bytes);
    return hash;
  };
  const keepJson = (value: unknown) => keep(new TextEncoder().encode(canonicalJson(value)));
  return { blobs, keep, keepJson };
}
