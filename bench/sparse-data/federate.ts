import { createAggregator, createStrategy, type WeightedDelta } from "@plenary/algorithms";
import { deltaOf } from "@plenary/protocol";
import type { Dataset } from "@plenary/sdk";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  type Engine,
  evaluateBaselines,
  evaluateModel,
  type OptimizerState,
  type TrainingSettings,
  trainRound,
} from "@plenary/training";
import { type Case, type Members, membersOf, together, trainedOnly } from "./cases.ts";

/** Mean alignment of the unseen groups and that of the worst of them. */
export interface Score {
  readonly mean: number;
  readonly worst: number;
}

export interface Outcome {
  readonly tried: Case;
  readonly cells: number;
  /** After each round: on all questions, and on those that a member answered. */
  readonly all: readonly Score[];
  readonly trained: readonly Score[];
  /** Mean of the members' groups on the questions that one of them answered. */
  readonly groupMean: Score;
  readonly groupMeanAll: Score;
}

/** The rounds of one case, in process: the product's training, averaging and evaluation. */
export async function federate(tried: Case, dataset: Dataset, engine: Engine): Promise<Outcome> {
  const members = membersOf(dataset, tried);
  const { questionnaire, embeddings } = dataset;
  const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
  const training: TrainingSettings = {
    ...DEFAULT_TRAINING.tilt,
    scheduleRounds: tried.rounds,
    ...tried.training,
  };
  const own = together(members.answers);
  const asked = trainedOnly(members.unseen, members.answers);
  const all: Score[] = [];
  const trained: Score[] = [];
  for await (const model of models(tried, members, { predictor, training, engine })) {
    const input = { predictor, model, answers: members.unseen, engine, seed: 1 };
    all.push(score(await evaluateModel(input)));
    trained.push(score(await evaluateModel({ ...input, asked })));
  }
  return {
    tried,
    cells: own.groups.reduce((sum, group) => sum + group.answers.length, 0),
    all,
    trained,
    groupMean: score(evaluateBaselines(questionnaire, own, asked).trainingMean),
    groupMeanAll: score(evaluateBaselines(questionnaire, own, members.unseen).trainingMean),
  };
}

/** The model after each round of federated averaging. */
async function* models(
  { rounds, fresh }: Case,
  { answers }: Members,
  setting: Pick<Parameters<typeof trainRound>[0], "predictor" | "training" | "engine">,
): AsyncGenerator<Int32Array> {
  const states = new Map<number, OptimizerState>();
  const aggregator = createAggregator({ name: "mean" });
  const strategy = createStrategy({ name: "fedavg" });
  let base = setting.predictor.initialParameters(1);
  let state = strategy.init(base.length);
  for (let round = 0; round < rounds; round += 1) {
    const updates: WeightedDelta[] = [];
    for (const [seed, own] of answers.entries()) {
      const optimizerState = fresh ? undefined : states.get(seed);
      const input = { ...setting, base, answers: own, round, seed, optimizerState };
      const result = await trainRound(input);
      states.set(seed, result.optimizerState);
      updates.push({ delta: deltaOf(base, result.after), weight: result.weight });
    }
    const next = strategy.apply(base, aggregator.aggregate(updates), state);
    base = next.next;
    state = next.state;
    yield base;
  }
}

function score({ mean, min }: { readonly mean: number; readonly min: number }): Score {
  return { mean, worst: min };
}
