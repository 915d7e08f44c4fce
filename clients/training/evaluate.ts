import { type AnswerSet, randomStream, type Seed, toFloat32 } from "@plenary/protocol";
import { type AlignmentReport, alignment, alignmentReport } from "./alignment.ts";
import { TrainingError } from "./errors.ts";
import { requireModelLength } from "./model-length.ts";
import type { NewQuestion, Predictor, ProgramShape } from "./predictors/predictor.ts";
import type { Engine } from "./sessions/engine.ts";
import { drawEvaluationTask, type GroupShares, sharesOf, type Task } from "./tasks.ts";

/** Answers of each group that evaluation shows, as in PluralLLM. */
export const EVALUATION_CONTEXT = 20;
/** Random contexts per group; its score is the mean over them. */
export const EVALUATION_DRAWS = 3;

/** A model in fixed point, the answers to predict, and the answers to predict them from. */
export interface EvaluateInput {
  readonly predictor: Predictor;
  /** Fixed point. */
  readonly model: Int32Array;
  readonly answers: AnswerSet;
  /**
   * Answers to ask for in place of those that were not shown, for groups of `answers`; what a task
   * shows is not asked. With questions that nobody trained on, this measures new questions. Groups
   * without such answers are not scored.
   */
  readonly asked?: AnswerSet | undefined;
  readonly engine: Engine;
  readonly seed: Seed;
}

/**
 * Alignment of a model's predictions with each group's answers. A group shows 20 answers, or half
 * of them if it has fewer than 40, and is asked for all its others; three times.
 */
export async function evaluateModel(input: EvaluateInput): Promise<AlignmentReport> {
  const { predictor, engine, answers, asked, seed } = input;
  const groups = evaluableGroups(sharesOf(answers, predictor.questionnaire));
  const targets =
    asked && new Map(sharesOf(asked, predictor.questionnaire).map((group) => [group.id, group]));
  const scored = groups.filter(({ id }) => targets === undefined || targets.has(id));
  const tasks = scored.flatMap((group) => evaluationTasks(group, seed, targets?.get(group.id)));
  const predicted = await predictTasks(predictor, input.model, tasks, engine);
  return alignmentReport(
    scored.map(({ id }, index) => {
      const from = index * EVALUATION_DRAWS;
      const scores = tasks
        .slice(from, from + EVALUATION_DRAWS)
        .flatMap((task, draw) =>
          task.targets.map((target, position) =>
            alignment(predicted[from + draw]![position]!, target.shares),
          ),
        );
      return { id, alignment: scores.reduce((sum, score) => sum + score, 0) / scores.length };
    }),
  );
}

/** Predictions of a model for tasks, one distribution per target. Throws `model-mismatch`. */
export async function predictTasks(
  predictor: Predictor,
  model: Int32Array,
  tasks: readonly Task[],
  engine: Engine,
): Promise<Float32Array[][]> {
  const questions = Math.max(...tasks.map((task) => task.context.length + task.targets.length));
  const predicting = await openPrediction(
    { predictor, model, engine },
    { tasks: tasks.length, questions },
  );
  return predicting(tasks);
}

/** A model that predicts, and what it is asked beyond the questionnaire. */
export interface PredictingModel {
  readonly predictor: Predictor;
  readonly model: Int32Array;
  readonly engine: Engine;
  readonly newQuestions?: readonly NewQuestion[];
}

/**
 * One program for any number of calls with as many tasks as its shape says. Throws
 * `model-mismatch`.
 */
export async function openPrediction(
  { predictor, model, engine, newQuestions = [] }: PredictingModel,
  shape: ProgramShape,
): Promise<(tasks: readonly Task[]) => Promise<Float32Array[][]>> {
  requireModelLength(predictor, model);
  const program = predictor.prediction(shape, model, newQuestions);
  const session = await engine.load(program.model);
  const theta = toFloat32(model);
  return async (tasks) => program.read(await session.run(program.feeds(theta, tasks)), tasks);
}

/** The tasks of a group, `EVALUATION_DRAWS` of them; `asked` takes the place of their targets. */
export function evaluationTasks(group: GroupShares, seed: Seed, asked?: GroupShares): Task[] {
  return Array.from({ length: EVALUATION_DRAWS }, (_, draw) => {
    const random = randomStream(seed, "evaluation", group.id, draw);
    const { context, targets } = drawEvaluationTask(group, EVALUATION_CONTEXT, random);
    if (asked === undefined) return { context, targets };
    const shown = new Set(context.map(({ question }) => question));
    return { context, targets: asked.answers.filter(({ question }) => !shown.has(question)) };
  });
}

export function evaluableGroups(groups: readonly GroupShares[]): readonly GroupShares[] {
  const evaluable = groups.filter((group) => group.answers.length >= 2);
  if (evaluable.length > 0) return evaluable;
  throw new TrainingError(
    "answers-invalid",
    "no group answers two questions or more, which evaluation needs: one to show and one to ask",
    { groups: groups.length },
  );
}
