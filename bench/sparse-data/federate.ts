import type { Dataset } from "@plenary/sdk";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  type Engine,
  evaluateBaselines,
  evaluateModel,
  type TrainingSettings,
} from "@plenary/training";
import { playRounds } from "../federated-averaging.ts";
import { type Case, membersOf, together, trainedOnly } from "./cases.ts";

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
  const setting = { predictor, training, engine, fresh: tried.fresh };
  for await (const model of playRounds(setting, members.answers, tried.rounds)) {
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

function score({ mean, min }: { readonly mean: number; readonly min: number }): Score {
  return { mean, worst: min };
}
