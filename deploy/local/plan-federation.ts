import {
  type AnswerSet,
  canonicalJsonBytes,
  configurationHash,
  countCells,
  type FederationConfiguration,
  parseConfiguration,
  type Questionnaire,
  sha256,
  toHex,
  vectorRoot,
  vectorToBytes,
} from "@plenary/protocol";
import { dealGroups, loadDataset } from "@plenary/sdk";
import { createPredictor, DEFAULT_PREDICTOR, DEFAULT_TRAINING, type Predictor } from "@plenary/training";
import { TOKEN } from "./found-federation.ts";

/** What a federation of this stack is made from; kept in the home, so that a later start makes the same one. */
export interface RunSettings {
  readonly rounds: number;
  readonly clients: number;
  readonly dataset: string;
  readonly seed: number;
  readonly engine: "native" | "wasm";
}

export interface FederationPlan {
  readonly dataset: string;
  readonly configuration: FederationConfiguration;
  readonly configurationHash: Uint8Array;
  readonly modelRoot: Uint8Array;
  readonly rewardPerRound: bigint;
  /** The public bytes that the configuration names. */
  readonly blobs: readonly { readonly hash: string; readonly bytes: Uint8Array }[];
  readonly questionnaire: Questionnaire;
  readonly predictor: Predictor;
  /** Each member's own answers. */
  readonly slices: readonly AnswerSet[];
  /** All members' answers, and those of the groups that no member has. */
  readonly training: AnswerSet;
  readonly unseen: AnswerSet;
}

const REWARD_PER_ROUND = 100n * TOKEN;
/** Long: a round is to count everybody, and closes as soon as it does. */
const DEADLINE_SECONDS = 3_600;
const GRACE_SECONDS = 3_600;
const MOST_UPDATES = 256;
const WEIGHT_LIMIT = 2 ** 26;

/** Cuts the survey into members' slices and unseen groups, and writes the federation's configuration. Depends on the settings alone. */
export async function planFederation(settings: RunSettings): Promise<FederationPlan> {
  const dataset = await loadDataset(settings.dataset);
  const split = dataset.split(settings.seed);
  const slices = dealGroups(split.training, settings.clients).map((groups) => dataset.answersOf(groups));
  const unseen = dataset.answersOf(split.unseen);
  const { questionnaire, embeddings, embeddingBytes } = dataset;
  const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
  const initial = predictor.initialParameters(settings.seed);
  const blobs = {
    questionnaire: blobOf(canonicalJsonBytes(questionnaire)),
    embeddings: blobOf(embeddingBytes),
    model: blobOf(vectorToBytes(initial)),
    unseen: blobOf(canonicalJsonBytes(unseen)),
  };
  const configuration = parseConfiguration({
    version: 1,
    name: `${dataset.name} on this machine`,
    questionnaire: blobs.questionnaire.hash,
    predictor: DEFAULT_PREDICTOR.tilt,
    training: DEFAULT_TRAINING.tilt,
    initialModel: blobs.model.hash,
    parameterCount: predictor.parameterCount,
    strategy: { name: "fedavg" },
    aggregator: { name: "mean" },
    codecs: ["int8", "int32"],
    screening: { maxNorm: 0 },
    contribution: { name: "leave-one-out", heldOut: blobs.unseen.hash },
    heldOut: blobs.unseen.hash,
    ...limitsFor(slices, predictor.parameterCount, settings),
    rewardPerRound: String(REWARD_PER_ROUND),
  });
  return {
    dataset: dataset.name,
    configuration,
    configurationHash: configurationHash(configuration),
    modelRoot: vectorRoot(initial),
    rewardPerRound: REWARD_PER_ROUND,
    blobs: Object.values(blobs),
    questionnaire,
    predictor,
    slices,
    training: dataset.answersOf(split.training),
    unseen,
  };
}

function blobOf(bytes: Uint8Array): { hash: string; bytes: Uint8Array } {
  return { hash: toHex(sha256(bytes)), bytes };
}

/** Whoever joined is waited for; a round goes on without members whose updates are refused as long as half of them count. */
function limitsFor(
  slices: readonly AnswerSet[],
  parameterCount: number,
  { clients, rounds }: RunSettings,
): Pick<FederationConfiguration, "limits" | "rounds"> {
  const heaviest = Math.max(...slices.map(countCells));
  return {
    limits: {
      maxUpdates: MOST_UPDATES,
      maxWeight: Math.max(heaviest, WEIGHT_LIMIT / MOST_UPDATES - 1),
      // The plainest codec takes four bytes for a parameter.
      maxPayloadBytes: 8 * parameterCount + 65_536,
    },
    rounds: {
      quorum: clients,
      minimum: Math.ceil(clients / 2),
      deadlineSeconds: DEADLINE_SECONDS,
      graceSeconds: GRACE_SECONDS,
      total: rounds,
    },
  };
}
