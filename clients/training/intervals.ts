import { type AnswerSet, type Questionnaire, randomStream, type Seed } from "@plenary/protocol";
import { evaluableGroups } from "./evaluate.ts";
import { heldOutHalves } from "./held-out-halves.ts";
import type { Prediction } from "./predict.ts";
import { predictInBatches } from "./predict-batch.ts";
import type { Predictor } from "./predictors/predictor.ts";
import type { Engine } from "./sessions/engine.ts";
import { drawEvaluationTask, type GroupShares, sharesOf, type Task } from "./tasks.ts";

/** How many answers a group shows: a prediction is judged by the most that it still has. */
const CONTEXT_SIZES = [1, 3, 8, 20] as const;
const DRAWS = 3;
/** Parts of the questionnaire's families that are forgotten in turn, to measure new questions. */
const FOLDS = 4;
/** Added to p (1 - p), so that intervals of options that nobody should choose have a width. */
const LEAST_VARIANCE = 0.01;

export interface CalibrationInput {
  readonly predictor: Predictor;
  /** Fixed point. */
  readonly model: Int32Array;
  /** Held-out answers. */
  readonly answers: AnswerSet;
  readonly engine: Engine;
  readonly seed: Seed;
  /** Of the two halves of the groups, as in `measureModel`. */
  readonly halves: Seed;
}

/** Errors of a model's predictions on held-out groups, relative to what the share lets expect. */
interface Errors {
  readonly questions: "known" | "unknown";
  readonly context: number;
  /** Of the choosing half of the groups, ascending: they set the width. */
  readonly choosing: Float64Array;
  /** Of the reporting half: they measure the coverage. */
  readonly reporting: Float64Array;
}

/** What is known about the errors of a model. */
export interface Calibration {
  readonly errors: readonly Errors[];
  /** Groups of the reporting half. */
  readonly groups: number;
}

/** How intervals were made, and how often they held on groups that had no part in that. */
export interface IntervalRule {
  /** `known`: questions that a member has trained; `unknown`: all others, new ones too. */
  readonly questions: "known" | "unknown";
  /** For groups with at least this many answers. */
  readonly context: number;
  /** The part of shares that the intervals are made to hold. */
  readonly level: number;
  /** The part that they did hold on the reporting half of the held-out groups. */
  readonly coverage: number;
  /** Shares on which that was measured, and the groups that they are of. */
  readonly shares: number;
  readonly groups: number;
  /** Half of an interval is this times sqrt(p (1 - p) + .01). */
  readonly factor: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Measures a model's errors for intervals: split conformal prediction (Vovk, Gammerman and Shafer,
 * Algorithmic Learning in a Random World, 2005), with errors relative to the standard deviation of
 * a choice. Groups show 1, 3, 8 and 20 answers (at most half), three times each. For questions that
 * nobody trained, the model forgets each part of the questionnaire's families in turn and is asked
 * for it. Intervals hold the share that a survey like the held-out ones would find, its sampling
 * noise included. Throws `answers-invalid` if no group has two answers.
 */
export async function calibrate(input: CalibrationInput): Promise<Calibration> {
  const { predictor, answers, halves } = input;
  const groups = evaluableGroups(sharesOf(answers, predictor.questionnaire));
  const { choosing, reporting } = heldOutHalves(
    groups.map(({ id }) => id),
    halves,
  );
  const errors: Errors[] = [];
  for (const context of CONTEXT_SIZES) {
    const known = await knownErrors(input, groups, context);
    const unknown = await unknownErrors(input, groups, context);
    for (const [questions, byGroup] of [
      ["known", known],
      ["unknown", unknown],
    ] as const) {
      const of = (ids: readonly string[]) =>
        Float64Array.from(ids.flatMap((id) => byGroup.get(id) ?? [])).sort();
      if (byGroup.size > 0)
        errors.push({ questions, context, choosing: of(choosing), reporting: of(reporting) });
    }
  }
  return { errors, groups: reporting.length };
}

/** The rules of intervals at a level (0..1) by questions and by what a group shows. */
export function intervalRules({ errors, groups }: Calibration, level: number): IntervalRule[] {
  return errors
    .filter(({ reporting }) => reporting.length > 0)
    .map(({ questions, context, choosing, reporting }) => {
      const rank = Math.ceil((choosing.length + 1) * level);
      // Too few errors for this level: the interval is all of 0..1.
      const factor = rank > choosing.length ? 1 / LEAST_VARIANCE : choosing[rank - 1]!;
      const held = reporting.filter((error) => error <= factor).length;
      const { length: shares } = reporting;
      return { questions, context, level, coverage: held / shares, shares, groups, factor };
    });
}

/**
 * The rule for a prediction from `answers` known answers. Null if there is none: with fewer
 * answers than any rule has, or where new questions cannot be measured.
 */
export function ruleFor(
  rules: readonly IntervalRule[],
  { kind }: Pick<Prediction, "kind">,
  answers: number,
): IntervalRule | null {
  const questions = kind === "trained" ? "known" : "unknown";
  const fitting = rules.filter((rule) => rule.questions === questions && rule.context <= answers);
  return fitting.reduce<IntervalRule | null>(
    (best, rule) => (best === null || rule.context > best.context ? rule : best),
    null,
  );
}

/** The interval of a predicted share. */
export function intervalOf(share: number, { factor }: Pick<IntervalRule, "factor">): Interval {
  const half = factor * deviation(share);
  return { low: Math.max(share - half, 0), high: Math.min(share + half, 1) };
}

function deviation(share: number): number {
  return Math.sqrt(Math.max(share * (1 - share), 0) + LEAST_VARIANCE);
}

type ErrorsByGroup = Map<string, number[]>;

async function knownErrors(
  input: CalibrationInput,
  groups: readonly GroupShares[],
  context: number,
): Promise<ErrorsByGroup> {
  const untrained = new Set(input.predictor.untrained?.(input.model) ?? []);
  return errorsOf(input, input.model, groups, (group, draw) => {
    const random = randomStream(input.seed, "calibration", context, group.id, draw);
    const task = drawEvaluationTask(group, context, random);
    return { ...task, targets: task.targets.filter(({ question }) => !untrained.has(question)) };
  });
}

/** Errors on questions that the model has forgotten, and of which it is shown nothing. */
async function unknownErrors(
  input: CalibrationInput,
  groups: readonly GroupShares[],
  context: number,
): Promise<ErrorsByGroup> {
  const { predictor, model, seed } = input;
  const all: ErrorsByGroup = new Map();
  if (predictor.forget === undefined) return all;
  for (const fold of familyFolds(predictor.questionnaire, seed)) {
    const forgotten = predictor.forget(model, [...fold]);
    const errors = await errorsOf(input, forgotten, groups, (group, draw) => {
      const random = randomStream(seed, "calibration of new questions", context, group.id, draw);
      const shown = group.answers.filter(({ question }) => !fold.has(question));
      return {
        context: random.shuffled(shown).slice(0, context),
        targets: group.answers.filter(({ question }) => fold.has(question)),
      };
    });
    for (const [id, values] of errors) all.set(id, [...(all.get(id) ?? []), ...values]);
  }
  return all;
}

/** Positions of questions, in parts that no family crosses. */
function familyFolds({ questions }: Questionnaire, seed: Seed): ReadonlySet<number>[] {
  const families = [...new Set(questions.map(({ family }) => family))].toSorted();
  const order = randomStream(seed, "family folds").shuffled(families);
  const foldOf = new Map(order.map((family, index) => [family, index % FOLDS]));
  const folds = Array.from({ length: FOLDS }, () => new Set<number>());
  questions.forEach(({ family }, question) => {
    folds[foldOf.get(family)!]!.add(question);
  });
  return folds.filter((fold) => fold.size > 0 && fold.size < questions.length);
}

async function errorsOf(
  { predictor, engine }: CalibrationInput,
  model: Int32Array,
  groups: readonly GroupShares[],
  taskOf: (group: GroupShares, draw: number) => Task,
): Promise<ErrorsByGroup> {
  const drawn = groups
    .flatMap((group) =>
      Array.from({ length: DRAWS }, (_, draw) => ({ id: group.id, task: taskOf(group, draw) })),
    )
    .filter(({ task }) => task.targets.length > 0 && task.context.length > 0);
  const tasks = drawn.map(({ task }) => task);
  const predicted = await predictInBatches(predictor, model, tasks, engine);
  const errors: ErrorsByGroup = new Map();
  drawn.forEach(({ id, task }, index) => {
    const own = errors.get(id) ?? [];
    task.targets.forEach(({ shares }, target) => {
      shares.forEach((share, option) => {
        const expected = predicted[index]![target]![option]!;
        own.push(Math.abs(share - expected) / deviation(expected));
      });
    });
    errors.set(id, own);
  });
  return errors;
}
