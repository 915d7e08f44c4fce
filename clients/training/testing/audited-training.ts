import { type AnswerSet, type Checkpoint, deltaOf } from "@plenary/protocol";
import { loadSurvey } from "../fixtures/survey.ts";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  type Engine,
  type TrainingSettings,
  trainingWeight,
  trainRound,
} from "../index.ts";
import {
  AUDITOR,
  audit,
  COMMITTED_SEED,
  commitmentOf,
  type MadeUpdate,
  type Setting,
} from "./member-training.ts";

export const { questionnaire, embeddings, answersOf } = await loadSurvey();
export const tilt = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
export const ROUND = 4n;
export const SEGMENTS = 4;
export const ALL = [0, 1, 2, 3];

export function settingOf(training: Partial<TrainingSettings> = {}): Setting {
  return {
    predictor: tilt,
    training: { ...DEFAULT_TRAINING.tilt, localSteps: 7, ...training },
    audits: {
      auditors: [AUDITOR],
      checkpointEvery: 2,
      membersPerRound: 1,
      segmentsPerMember: 2,
      mode: { name: "reproducible" },
      waitSeconds: 10,
    },
    base: tilt.initialParameters(1),
  };
}

export interface MemberTraining {
  readonly answers?: AnswerSet;
  readonly training?: TrainingSettings;
  readonly engine: Engine;
}

/** The update of an honest member, or of one that trains otherwise than it states. */
export async function make(
  setting: Setting,
  { answers, training, engine }: MemberTraining,
): Promise<MadeUpdate> {
  const own = answersOf([0, 5]);
  const checkpoints: Checkpoint[] = [];
  const { after } = await trainRound({
    predictor: setting.predictor,
    training: training ?? setting.training,
    base: setting.base,
    answers: answers ?? own,
    round: Number(ROUND),
    seed: COMMITTED_SEED,
    engine,
    checkpoints: {
      every: setting.audits.checkpointEvery,
      keep: (checkpoint) => checkpoints.push(checkpoint),
    },
  });
  return {
    answers: own,
    commitment: commitmentOf(setting, own, ROUND),
    checkpoints,
    delta: deltaOf(setting.base, after),
    weight: trainingWeight(own, setting.predictor),
  };
}

/**
 * Numbers of the segments that an audit finds wrong. Each is drawn alone, so that the count is the
 * audit's own.
 */
export async function wrongSegments(
  setting: Setting,
  made: MadeUpdate,
  engine: Engine,
): Promise<number[]> {
  const wrong: number[] = [];
  for (const segment of ALL) {
    const { outcome, checkpoint } = await audit(setting, made, [segment], engine);
    if (outcome === "failed" && checkpoint === segment + 1) wrong.push(segment);
  }
  return wrong;
}
