import type { AnswerSet, Questionnaire } from "@plenary/protocol";
import { type AlignmentReport, alignment, alignmentReport } from "./alignment.ts";
import { TrainingError } from "./errors.ts";
import { distances, type Measures, scoresOf } from "./measures.ts";
import { type GroupShares, sharesOf } from "./tasks.ts";

/**
 * The two predictions that a predictor must be compared with; `trainingMean` is the one to beat.
 */
export interface Baselines {
  /** The same share for all options. */
  readonly uniform: AlignmentReport;
  /**
   * The mean answer of the training groups, question by question; uniform where none of them
   * answered.
   */
  readonly trainingMean: AlignmentReport;
}

/** Scores of the baselines on all answers of the evaluated groups. */
export function evaluateBaselines(
  questionnaire: Questionnaire,
  training: AnswerSet,
  evaluated: AnswerSet,
): Baselines {
  const means = trainingMeans(sharesOf(training, questionnaire));
  const groups = sharesOf(evaluated, questionnaire);
  const even = (options: number) => new Array<number>(options).fill(1 / options);
  return {
    uniform: report(groups, (_, options) => even(options)),
    trainingMean: report(groups, (question, options) => means.get(question) ?? even(options)),
  };
}

/**
 * Measures of the mean answer of the training groups on all answers of the evaluated groups, beside
 * those of uniform answers.
 */
export function measureTrainingMean(
  questionnaire: Questionnaire,
  training: AnswerSet,
  evaluated: AnswerSet,
): Measures {
  const means = trainingMeans(sharesOf(training, questionnaire));
  const scores = scoresOf(
    sharesOf(evaluated, questionnaire).map(({ answers }) =>
      answers.map(({ question, shares }) => {
        const even = shares.map(() => 1 / shares.length);
        const mean = distances(means.get(question) ?? even, shares);
        const uniform = distances(even, shares);
        return { model: mean, withoutContext: mean, uniform, ceiling: null };
      }),
    ),
  );
  if (scores !== null) return scores.model;
  throw new TrainingError("answers-invalid", "there is no answer to measure a prediction by");
}

function trainingMeans(groups: readonly GroupShares[]): ReadonlyMap<number, readonly number[]> {
  const answers = new Map<number, GroupShares["answers"][number][]>();
  for (const answer of groups.flatMap((group) => group.answers)) {
    const given = answers.get(answer.question);
    if (given === undefined) answers.set(answer.question, [answer]);
    else given.push(answer);
  }
  return new Map(
    [...answers].map(([question, given]) => [
      question,
      given[0]!.shares.map(
        (_, option) => given.reduce((sum, { shares }) => sum + shares[option]!, 0) / given.length,
      ),
    ]),
  );
}

function report(
  groups: readonly GroupShares[],
  predict: (question: number, options: number) => readonly number[],
): AlignmentReport {
  return alignmentReport(
    groups.map(({ id, answers }) => {
      const scores = answers.map(({ question, shares }) =>
        alignment(predict(question, shares.length), shares),
      );
      return { id, alignment: scores.reduce((sum, score) => sum + score, 0) / scores.length };
    }),
  );
}
