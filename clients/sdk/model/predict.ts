import { type AnswerSet, PlenaryError, type Questionnaire } from "@plenary/protocol";
import {
  calibrate,
  type Engine,
  type EngineName,
  type IntervalRule,
  intervalOf,
  intervalRules,
  openEngine,
  openTextEmbedder,
  type Prediction,
  pinnedHashes,
  predictGroups,
  ruleFor,
} from "@plenary/training";
import type { FederationContext } from "../access/index.ts";
import type { HeldOut } from "./held-out.ts";

export interface PredictAnswers {
  /** The model's parameters in fixed point; see `readModel`. */
  readonly model: Int32Array;
  /** Answers that each group has given; about 20 are enough. They stay on this machine. */
  readonly answers: AnswerSet;
  /** Ids of the questions to predict; by default all questions that the group has not answered. */
  readonly questions?: readonly string[] | undefined;
  /** Questions beyond the questionnaire; they need `embedder`. */
  readonly newQuestions?: readonly NewText[] | undefined;
  /** Folder of the text embedder that the questionnaire's embeddings come from. */
  readonly embedder?: string | undefined;
  /** Held-out answers, by which intervals are measured (`readHeldOut`); without, there are none. */
  readonly heldOut?: HeldOut | null | undefined;
  /** The part of shares that intervals are made to hold; .9 by default. */
  readonly level?: number | undefined;
  readonly engine?: EngineName;
}

/** A question in words. */
export interface NewText {
  readonly text: string;
  readonly options: readonly string[];
}

export interface Predictions {
  readonly groups: readonly GroupPrediction[];
  /** How the intervals were made and how often they held; empty without held-out answers. */
  readonly intervals: readonly IntervalRule[];
}

export interface GroupPrediction {
  readonly group: string;
  readonly predictions: readonly QuestionPrediction[];
}

export interface QuestionPrediction {
  readonly question: string;
  readonly text: string;
  /** Whether a member has trained the question; `new` if it is beyond the questionnaire. */
  readonly kind: Prediction["kind"];
  readonly options: readonly OptionPrediction[];
}

export interface OptionPrediction {
  readonly option: string;
  /** The part of the group that is expected to choose it. A question's shares add up to 1. */
  readonly share: number;
  /** Interval of the share; null where it could not be measured. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Seed of what calibration draws: equal calls get equal intervals. */
const CALIBRATION_SEED = 7;
export const DEFAULT_LEVEL = 0.9;

type Context = Pick<FederationContext, "predictor" | "questionnaire">;

/**
 * Predicts how groups would answer questions that they were not asked, from the answers they gave,
 * with an interval per option. Any number of groups are predicted in batches. Throws
 * `invalid-input`, `answers-invalid`.
 */
export async function predictAnswers(
  { predictor, questionnaire }: Context,
  input: PredictAnswers,
): Promise<Predictions> {
  const { model, answers } = input;
  const level = requireLevel(input.level ?? DEFAULT_LEVEL);
  const engine = await openEngine(input.engine ?? "native");
  const newTexts = input.newQuestions ?? [];
  try {
    const newQuestions = await embedAll(newTexts, input.embedder, questionnaire, engine);
    const asked = answers.groups.map((group) => questionsFor(questionnaire, input, group));
    const groups = answers.groups.map((group, index) => ({
      context: group.answers,
      questions: asked[index]!,
    }));
    const predicted = await predictGroups({ predictor, model, groups, newQuestions, engine });
    const intervals = await rulesOf({ predictor }, input, level, engine);
    const texts = new Map<string, NewText>(questionnaire.questions.map((each) => [each.id, each]));
    newTexts.forEach((text, index) => {
      texts.set(`new ${index}`, text);
    });
    return {
      intervals,
      groups: answers.groups.map(({ id, answers: given }, index) => ({
        group: id,
        predictions: predicted[index]!.map((prediction) =>
          labelled(prediction, texts, ruleFor(intervals, prediction, given.length)),
        ),
      })),
    };
  } finally {
    await engine.close();
  }
}

/** The questions as asked for, or else all that the group has not answered. */
function questionsFor(
  { questions }: Pick<Questionnaire, "questions">,
  input: PredictAnswers,
  { answers }: AnswerSet["groups"][number],
): readonly string[] {
  if (input.questions !== undefined) return input.questions;
  if ((input.newQuestions ?? []).length > 0) return [];
  const answered = new Set(answers.map(({ question }) => question));
  return questions.map(({ id }) => id).filter((id) => !answered.has(id));
}

async function rulesOf(
  { predictor }: Pick<Context, "predictor">,
  { model, heldOut }: PredictAnswers,
  level: number,
  engine: Engine,
): Promise<IntervalRule[]> {
  if (heldOut == null) return [];
  const { answers, halves } = heldOut;
  const measured = { predictor, model, answers, engine, seed: CALIBRATION_SEED, halves };
  return intervalRules(await calibrate(measured), level);
}

function requireLevel(level: number): number {
  if (level >= 0.5 && level < 1) return level;
  throw new PlenaryError(
    "invalid-input",
    `The level of intervals is from 0.5 to below 1, not ${level}.`,
    { field: "level" },
  );
}

async function embedAll(
  texts: readonly NewText[],
  folder: string | undefined,
  { embeddings }: Questionnaire,
  engine: Engine,
) {
  if (texts.length === 0) return [];
  if (folder === undefined)
    throw new PlenaryError(
      "invalid-input",
      "A question beyond the questionnaire needs a text embedder: give the folder of the model.",
      { field: "embedder" },
    );
  const hashes = pinnedHashes(embeddings.model);
  const embedder = await openTextEmbedder({ folder, engine, hashes });
  return embedder.embedQuestions(texts);
}

function labelled(
  { question, kind, shares }: Prediction,
  texts: ReadonlyMap<string, NewText>,
  rule: IntervalRule | null,
): QuestionPrediction {
  const { text, options } = texts.get(question)!;
  return {
    question,
    text,
    kind,
    options: options.map((option, index) => {
      const share = shares[index]!;
      const interval = rule === null ? { low: null, high: null } : intervalOf(share, rule);
      return { option, share, ...interval };
    }),
  };
}
