import { type AnswerSet, PlenaryError } from "@plenary/protocol";
import { type EngineName, openEngine, predict } from "@plenary/training";
import type { FederationContext } from "./open-federation.ts";

export interface PredictAnswers {
  /** Fixed point; see `readModel`. */
  readonly model: Int32Array;
  /** Answers that each group has given: some 20 are enough. They stay on this machine. */
  readonly answers: AnswerSet;
  /** Ids of the questions to predict; by default all that the group has not answered. */
  readonly questions?: readonly string[] | undefined;
  readonly engine?: EngineName;
}

export interface GroupPrediction {
  readonly group: string;
  readonly predictions: readonly QuestionPrediction[];
}

export interface QuestionPrediction {
  readonly question: string;
  readonly text: string;
  /** Options with the share of the group expected to choose each; the shares add up to 1. */
  readonly options: readonly { readonly option: string; readonly share: number }[];
}

/** How groups would answer questions that they were not asked, from the answers they gave. Throws `invalid-input`, `answers-invalid`. */
export async function predictAnswers(
  { predictor, questionnaire }: Pick<FederationContext, "predictor" | "questionnaire">,
  input: PredictAnswers,
): Promise<GroupPrediction[]> {
  const byId = new Map(questionnaire.questions.map((question) => [question.id, question]));
  const engine = await openEngine(input.engine ?? "native");
  try {
    const groups: GroupPrediction[] = [];
    for (const { id, answers } of input.answers.groups) {
      const answered = new Set(answers.map(({ question }) => question));
      const questions = input.questions ?? [...byId.keys()].filter((question) => !answered.has(question));
      const predicted = await predict({ predictor, model: input.model, context: answers, questions, engine });
      groups.push({
        group: id,
        predictions: predicted.map(({ question, shares }) => {
          const known = byId.get(question);
          if (known === undefined)
            throw new PlenaryError(
              "invalid-input",
              `There is no question ${question} in the questionnaire.`,
              { question },
            );
          const options = known.options.map((option, i) => ({ option, share: shares[i] ?? 0 }));
          return { question, text: known.text, options };
        }),
      });
    }
    return groups;
  } finally {
    await engine.close();
  }
}
