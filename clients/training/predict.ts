import { type GroupAnswers, PlenaryError } from "@plenary/protocol";
import { TrainingError } from "./errors.ts";
import { predictTasks } from "./evaluate.ts";
import type { NewQuestion, Predictor } from "./predictors/predictor.ts";
import type { Engine } from "./sessions/engine.ts";
import { sharesOf } from "./tasks.ts";

/** A model in fixed point, one group's answers, and the ids of the questions to predict. */
export interface PredictInput {
  readonly predictor: Predictor;
  /** Fixed point. */
  readonly model: Int32Array;
  /** The group's known answers to questions of the questionnaire. */
  readonly context: GroupAnswers["answers"];
  /** Ids of the questionnaire's questions to answer. */
  readonly questions: readonly string[];
  /** Questions beyond the questionnaire, with their options' embeddings (`TextEmbedder`). */
  readonly newQuestions?: readonly NewQuestion[];
  readonly engine: Engine;
}

/**
 * The predicted distribution of answers to one question: shares in the order of its options, which
 * add up to 1.
 */
export interface Prediction {
  /** The question's id; a new question's is its position, as in `new 0`. */
  readonly question: string;
  /** Expected share of the group for each option; they add up to 1. */
  readonly shares: readonly number[];
}

/**
 * Predicts a group's answers to questions from some of its answers. Throws `context-missing`
 * without any, `invalid-input` for a question outside the questionnaire, and `answers-invalid` for
 * a malformed answer.
 */
export async function predict(input: PredictInput): Promise<Prediction[]> {
  const { predictor, model, engine, newQuestions = [] } = input;
  if (input.context.length === 0) {
    throw new TrainingError(
      "context-missing",
      "a prediction needs at least one answer of the group",
    );
  }
  const { questions } = predictor.questionnaire;
  const positions = new Map(questions.map((question, index) => [question.id, index]));
  const asked = input.questions.map((id) => {
    const position = positions.get(id);
    if (position === undefined) {
      throw new PlenaryError("invalid-input", `Question ${id} is not in the questionnaire.`, {
        question: id,
      });
    }
    return { id, position, options: questions[position]!.options.length };
  });
  const added = newQuestions.map(({ options, embeddings }, index) => {
    requireEmbeddings(options, embeddings, predictor, index);
    return { id: `new ${index}`, position: questions.length + index, options };
  });
  const all = [...asked, ...added];
  if (all.length === 0) return [];
  const group = { id: "context", label: "", answers: input.context };
  const [context] = sharesOf({ version: 1, groups: [group] }, predictor.questionnaire);
  const targets = all.map(({ position, options }) => ({
    question: position,
    shares: new Array<number>(options).fill(0),
  }));
  const tasks = [{ context: context!.answers, targets }];
  const [shares] = await predictTasks(predictor, model, tasks, engine, newQuestions);
  return all.map(({ id }, index) => ({ question: id, shares: Array.from(shares![index]!) }));
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
