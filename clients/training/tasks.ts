import {
  type AnswerSet,
  PlenaryError,
  type Questionnaire,
  type RandomStream,
} from "@plenary/protocol";

/** A group's answer to one question: the share of respondents per option, summing to 1. */
export interface QuestionAnswer {
  /**
   * Position of the question in the questionnaire, or in the table of questions to predict from.
   */
  readonly question: number;
  readonly shares: readonly number[];
}

/**
 * One example to learn from: answers that the predictor sees, and answers that it must predict from
 * them.
 */
export interface Task {
  readonly context: readonly QuestionAnswer[];
  readonly targets: readonly QuestionAnswer[];
}

/** One group's answers as shares of options. */
export interface GroupShares {
  readonly id: string;
  readonly answers: readonly QuestionAnswer[];
}

/**
 * Shares of respondents per group and question, in the answers' order. Throws `answers-invalid`.
 */
export function sharesOf(
  answers: AnswerSet,
  questionnaire: Pick<Questionnaire, "questions">,
): GroupShares[] {
  const positions = new Map(questionnaire.questions.map((question, index) => [question.id, index]));
  return answers.groups.map((group) => ({
    id: group.id,
    answers: group.answers.map(({ question, counts }) => {
      const position = positions.get(question);
      const options =
        position === undefined ? undefined : questionnaire.questions[position]?.options.length;
      const total = counts.reduce((sum, count) => sum + count, 0);
      if (position === undefined || options !== counts.length || !(total > 0)) {
        const reason =
          position === undefined
            ? "which is not in the questionnaire"
            : `with counts [${counts}] for ${options} options`;
        throw new PlenaryError(
          "answers-invalid",
          `Group ${group.id} answers ${question}, ${reason}.`,
          {
            group: group.id,
            question,
          },
        );
      }
      return { question: position, shares: counts.map((count) => count / total) };
    }),
  }));
}

/** Bounds, both included, on the number of questions that a training task shows and asks. */
export interface TaskSizes {
  readonly context: readonly [number, number];
  readonly targets: readonly [number, number];
}

/**
 * Splits a group's answers at random into context and targets; at most half of them become context.
 */
export function drawTask(group: GroupShares, sizes: TaskSizes, random: RandomStream): Task {
  const order = random.shuffled(group.answers);
  const contextSize = random.between(...sizes.context);
  const targetSize = random.between(...sizes.targets);
  const seen = Math.min(contextSize, Math.floor(order.length / 2));
  return { context: order.slice(0, seen), targets: order.slice(seen, seen + targetSize) };
}

/** Shows a random `contextSize` answers of a group and asks for all the others (evaluation). */
export function drawEvaluationTask(
  group: GroupShares,
  contextSize: number,
  random: RandomStream,
): Task {
  const order = random.shuffled(group.answers);
  const seen = Math.min(contextSize, Math.floor(order.length / 2));
  return { context: order.slice(0, seen), targets: order.slice(seen) };
}
