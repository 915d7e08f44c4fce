import { createAlgorithms, createCodec, REGISTRIES, type Registries } from "@plenary/algorithms";
import {
  type AnswerSet,
  type AuditConfiguration,
  canonicalJson,
  checkGroupNames,
  checkQuestionnaireNames,
  type FederationConfiguration,
  type PluginConfiguration,
  type Seed,
  sha256,
  toHex,
  vectorToBytes,
} from "@plenary/protocol";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  parseTrainingSettings,
} from "@plenary/training";
import type { Dataset } from "../answers/index.ts";

/** The choices behind a configuration. Those left out have defaults. */
export interface FederationPlan {
  readonly name: string;
  /** Whether only members may read the federation's rounds, updates and blobs at the service. */
  readonly private?: boolean;
  readonly dataset: Pick<Dataset, "questionnaire" | "embeddingBytes" | "embeddings">;
  /** Public answers that every model is evaluated on; null for none. */
  readonly heldOut: AnswerSet | null;
  /** Public answers that contribution is measured on; `heldOut` by default. */
  readonly scoredOn?: AnswerSet;
  /** Number of updates that close a round. */
  readonly quorum: number;
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

/** A thousand tokens, at six decimals. */
const DEFAULT_REWARD = 1_000_000_000n;

/**
 * Makes a federation's configuration and the blobs that it names. Defaults: the tilt predictor,
 * FedAvg, int8 updates, and pay by leave-one-out on the held-out answers (without them, by capped
 * data size). Throws `invalid-input` naming the wrong field.
 */
export function planFederation(plan: FederationPlan): PlannedFederation {
  const { questionnaire, embeddingBytes, embeddings } = plan.dataset;
  checkQuestionnaireNames(questionnaire);
  const blobs = new Map<string, Uint8Array>();
  const keep = (bytes: Uint8Array): string => {
    const hash = toHex(sha256(bytes));
    blobs.set(hash, bytes);
    return hash;
  };
  const keepJson = (value: unknown) => keep(new TextEncoder().encode(canonicalJson(value)));
  const predictorConfiguration = plan.predictor ?? DEFAULT_PREDICTOR.tilt;
  const predictor = createPredictor(predictorConfiguration, questionnaire, embeddings);
  const initialModel = predictor.initialParameters(plan.seed);
  keep(embeddingBytes);
  const codecs = (plan.codecs ?? ["int8", "int32"]).map((codec) =>
    typeof codec === "string" ? { name: codec } : codec,
  );
  const scoredOn = plan.scoredOn ?? plan.heldOut;
  for (const answers of [plan.heldOut, scoredOn]) if (answers !== null) checkGroupNames(answers);
  const training = { ...trainingOf(predictorConfiguration.name), ...plan.training };
  parseTrainingSettings(training);
  const { registries = REGISTRIES } = plan;
  const wanted = {
    version: 2,
    name: plan.name,
    ...(plan.private === true && { visibility: "private" }),
    questionnaire: keepJson(questionnaire),
    predictor: predictorConfiguration,
    training,
    initialModel: keep(vectorToBytes(initialModel)),
    parameterCount: predictor.parameterCount,
    strategy: plan.strategy ?? { name: "fedavg" },
    aggregator: plan.aggregator ?? { name: "mean" },
    codecs,
    pipeline: [...(plan.pipeline ?? [])],
    screening: { maxNorm: plan.maxNorm ?? 0 },
    contribution: plan.contribution ?? payBy(scoredOn === null ? null : keepJson(scoredOn)),
    heldOut: plan.heldOut === null ? null : keepJson(plan.heldOut),
    limits: { ...defaultLimits(codecs, predictor.parameterCount, plan), ...plan.limits },
    rounds: { ...defaultRounds(plan.quorum), ...plan.rounds },
    rewardPerRound: (plan.rewardPerRound ?? DEFAULT_REWARD).toString(),
    ...(plan.audits && { audits: plan.audits }),
  };
  const { configuration } = createAlgorithms(wanted, registries);
  return { configuration, initialModel, blobs };
}

function defaultLimits(
  codecs: readonly PluginConfiguration[],
  parameterCount: number,
  { registries = REGISTRIES }: FederationPlan,
): FederationConfiguration["limits"] {
  const longest = codecs.map((codec) =>
    createCodec(codec, registries.codecs).maxPayloadLength(parameterCount),
  );
  return { maxUpdates: 256, maxWeight: 4096, maxPayloadBytes: Math.max(...longest) };
}

/**
 * At least two updates, if the quorum allows it: the mean of one update is that member's own model.
 */
function defaultRounds(quorum: number): FederationConfiguration["rounds"] {
  return {
    quorum,
    minimum: Math.min(2, quorum),
    deadlineSeconds: 300,
    graceSeconds: 300,
    total: 0,
  };
}

function trainingOf(predictor: string): Readonly<Record<string, unknown>> {
  return predictor === "gpo" ? DEFAULT_TRAINING.gpo : DEFAULT_TRAINING.tilt;
}

function payBy(heldOut: string | null): PluginConfiguration {
  return heldOut === null ? { name: "data-size", cap: 4096 } : { name: "leave-one-out", heldOut };
}
