import { type GroupAnswers, PlenaryError, type Questionnaire } from "@plenary/protocol";
import { TrainingError } from "./errors.ts";
import { requireModelLength } from "./model-length.ts";
import { predictInBatches } from "./predict-batch.ts";
import type { NewQuestion, Predictor } from "./predictors/predictor.ts";
import type { Engine } from "./sessions/engine.ts";
import { type QuestionAnswer, sharesOf } from "./tasks.ts";

/** A group with known answers, and what to predict of it. */
export interface AskedGroup {
  /** The group's known answers to questions of the questionnaire. */
  readonly context: GroupAnswers["answers"];
  /** Ids of the questionnaire's questions to answer. */
  readonly questions: readonly string[];
}

interface PredictWith {
  readonly predictor: Predictor;
  /** Fixed point. */
  readonly model: Int32Array;
  /** Questions beyond the questionnaire, with their options' embeddings (`TextEmbedder`). */
  readonly newQuestions?: readonly NewQuestion[];
  readonly engine: Engine;
}

export interface PredictInput extends PredictWith, AskedGroup {}

export interface PredictGroupsInput extends PredictWith {
  /** Each of them is asked the new questions too. */
  readonly groups: readonly AskedGroup[];
}

export interface Prediction {
  /** The question's id; a new question's is its position, as in `new 0`. */
  readonly question: string;
  /** Whether a member has trained the question; `new` if it is beyond the questionnaire. */
  readonly kind: "trained" | "untrained" | "new";
  /** Expected share of the group for each option; they add up to 1. */
  readonly shares: readonly number[];
}

/** As `predictGroups`, for one group. */
export async function predict(input: PredictInput): Promise<Prediction[]> {
  const { context, questions, ...rest } = input;
  const [predicted] = await predictGroups({ ...rest, groups: [{ context, questions }] });
  return predicted!;
}

/**
 * Predicts groups' answers to questions from some of their answers, for any number of groups.
 * Throws `context-missing` for a group without any, `invalid-input` for a question outside the
 * questionnaire, `answers-invalid` for a malformed answer, and `model-mismatch`.
 */
export async function predictGroups(input: PredictGroupsInput): Promise<Prediction[][]> {
  const { predictor, model, groups, engine, newQuestions = [] } = input;
  requireModelLength(predictor, model);
  const { questions } = predictor.questionnaire;
  const positions = new Map(questions.map((question, index) => [question.id, index]));
  const untrained = new Set(predictor.untrained?.(model) ?? []);
  newQuestions.forEach(({ options, embeddings }, index) => {
    requireEmbeddings(options, embeddings, predictor, index);
  });
  const added = newQuestions.map(({ options }, index) => ({
    id: `new ${index}`,
    kind: "new" as const,
    target: { question: questions.length + index, shares: new Array<number>(options).fill(0) },
  }));
  const asked = groups.map((group) => [
    ...group.questions.map((id) => {
      const question = positions.get(id);
      if (question === undefined) throw unknownQuestion(id);
      const kind = untrained.has(question) ? ("untrained" as const) : ("trained" as const);
      const { length } = questions[question]!.options;
      return { id, kind, target: { question, shares: new Array<number>(length).fill(0) } };
    }),
    ...added,
  ]);
  const contexts = contextsOf(groups, predictor.questionnaire);
  const tasks = asked.map((all, index) => ({
    context: contexts[index]!,
    targets: all.map(({ target }) => target),
  }));
  const shares = await predictInBatches(predictor, model, tasks, engine, newQuestions);
  return asked.map((all, group) =>
    all.map(({ id, kind }, index) => ({
      question: id,
      kind,
      shares: Array.from(shares[group]![index]!),
    })),
  );
}

function contextsOf(
  groups: readonly AskedGroup[],
  questionnaire: Questionnaire,
): (readonly QuestionAnswer[])[] {
  if (groups.some(({ context }) => context.length === 0))
    throw new TrainingError(
      "context-missing",
      "a prediction needs at least one answer of the group",
    );
  const answers = groups.map(({ context }, index) => ({
    id: `context ${index}`,
    label: "",
    answers: context,
  }));
  return sharesOf({ version: 1, groups: answers }, questionnaire).map((group) => group.answers);
}

function unknownQuestion(id: string): PlenaryError {
  return new PlenaryError("invalid-input", `Question ${id} is not in the questionnaire.`, {
    question: id,
  });
}

function requireEmbeddings(
  options: number,
  embeddings: Float32Array,
  { embeddings: { dimension } }: Predictor,
  index: number,
): void {
  if (options >= 2 && embeddings.length === options * dimension) return;
  throw new PlenaryError(
    "invalid-input",
    `New question ${index} needs at least two options and ${dimension} embedding values for each; it has ${options} options and ${embeddings.length} values.`,
    { question: index },
  );
}
