import {
  type AnswerSet,
  countCells,
  type FederationConfiguration,
  type Questionnaire,
  TOTAL_WEIGHT_LIMIT,
} from "@plenary/protocol";
import {
  type Dataset,
  dealGroups,
  type GroupSplit,
  loadDataset,
  type PlannedFederation,
  planFederation,
} from "@plenary/sdk";
import { createPredictor, type Predictor } from "@plenary/training";
import { TOKEN } from "./tokens.ts";

/**
 * What a local federation is made from. The home keeps it, so that the next start continues it.
 */
export interface RunSettings {
  readonly rounds: number;
  readonly clients: number;
  readonly dataset: string;
  /** The groups that no member holds; absent: the seed draws them. */
  readonly unseen?: readonly string[];
  readonly seed: number;
  readonly engine: "native" | "wasm";
}

/**
 * A federation on a survey whose groups are divided among the members, except the unseen ones.
 */
export interface RunPlan extends PlannedFederation {
  readonly dataset: string;
  readonly questionnaire: Questionnaire;
  readonly predictor: Predictor;
  /** Each member's own answers. */
  readonly slices: readonly AnswerSet[];
  /** The answers of all members, and those of the groups that no member has. */
  readonly training: AnswerSet;
  readonly unseen: AnswerSet;
}

const REWARD_PER_ROUND = 100n * TOKEN;
/** Long, because a round counts every member and closes as soon as it has. */
const DEADLINE_SECONDS = 3_600;
/** Once others have joined: long enough for a member to train and send its update. */
const COLLECT_SECONDS = 30;
const GRACE_SECONDS = 3_600;
const MOST_UPDATES = 256;

type SurveySettings = Pick<RunSettings, "dataset" | "unseen" | "seed">;

/** How many groups members can share: no more members than that can take part. */
export async function countTrainingGroups(settings: SurveySettings): Promise<number> {
  const { training } = splitOf(await loadDataset(settings.dataset), settings);
  return Math.max(training.length, 1);
}

function splitOf(dataset: Dataset, { unseen, seed }: SurveySettings): GroupSplit {
  return unseen === undefined ? dataset.split(seed) : dataset.splitOff(unseen);
}

/** Divides the survey and makes the federation's configuration. Depends on the settings alone. */
export async function planRun(settings: RunSettings): Promise<RunPlan> {
  const dataset = await loadDataset(settings.dataset);
  const split = splitOf(dataset, settings);
  const slices = dealGroups(split.training, settings.clients).map((groups) =>
    dataset.answersOf(groups),
  );
  const unseen = dataset.answersOf(split.unseen);
  const planned = planFederation({
    name: `${dataset.name} on this machine`,
    dataset,
    heldOut: unseen,
    quorum: settings.clients,
    seed: settings.seed,
    limits: { maxUpdates: MOST_UPDATES, maxWeight: weightLimit(slices) },
    rounds: roundsOf(settings),
    rewardPerRound: REWARD_PER_ROUND,
  });
  return {
    ...planned,
    dataset: dataset.name,
    questionnaire: dataset.questionnaire,
    predictor: createPredictor(
      planned.configuration.predictor,
      dataset.questionnaire,
      dataset.embeddings,
    ),
    slices,
    training: dataset.answersOf(split.training),
    unseen,
  };
}

function weightLimit(slices: readonly AnswerSet[]): number {
  return Math.max(...slices.map(countCells), TOTAL_WEIGHT_LIMIT / MOST_UPDATES - 1);
}

/**
 * A round waits for every member. If updates are refused, it counts with half of them or more.
 */
function roundsOf({ clients, rounds }: RunSettings): FederationConfiguration["rounds"] {
  return {
    quorum: clients,
    minimum: Math.ceil(clients / 2),
    collectSeconds: COLLECT_SECONDS,
    deadlineSeconds: DEADLINE_SECONDS,
    graceSeconds: GRACE_SECONDS,
    total: rounds,
  };
}
