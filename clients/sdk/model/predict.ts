import { type AnswerSet, PlenaryError, type Questionnaire } from "@plenary/protocol";
import {
  type Engine,
  type EngineName,
  openEngine,
  openTextEmbedder,
  pinnedHashes,
  predict,
} from "@plenary/training";
import type { FederationContext } from "../access/index.ts";

/** A model, groups with some answers, and the questions to predict for each group. */
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
  readonly engine?: EngineName;
}

/** A question in words. */
export interface NewText {
  readonly text: string;
  readonly options: readonly string[];
}

/** The predicted answers of one group. */
export interface GroupPrediction {
  readonly group: string;
  readonly predictions: readonly QuestionPrediction[];
}

/** The predicted distribution of one group's answers to one question. */
export interface QuestionPrediction {
  readonly question: string;
  readonly text: string;
  /**
   * The options, each with the share of the group that is expected to choose it. The shares add up
   * to 1.
   */
  readonly options: readonly { readonly option: string; readonly share: number }[];
}

/**
 * Predicts how groups would answer questions that they were not asked, from the answers they gave.
 * Throws `invalid-input`, `answers-invalid`.
 */
export async function predictAnswers(
  { predictor, questionnaire }: Pick<FederationContext, "predictor" | "questionnaire">,
  input: PredictAnswers,
): Promise<GroupPrediction[]> {
  const byId = new Map(questionnaire.questions.map((question) => [question.id, question]));
  const engine = await openEngine(input.engine ?? "native");
  const newTexts = input.newQuestions ?? [];
  try {
    const newQuestions = await embedAll(newTexts, input.embedder, questionnaire, engine);
    const asNeeded = input.questions ?? (newTexts.length > 0 ? [] : undefined);
    const groups: GroupPrediction[] = [];
    for (const { id, answers } of input.answers.groups) {
      const answered = new Set(answers.map(({ question }) => question));
      const questions = asNeeded ?? [...byId.keys()].filter((question) => !answered.has(question));
      const { model } = input;
      const predicted = await predict({
        predictor,
        model,
        context: answers,
        questions,
        newQuestions,
        engine,
      });
      const predictions = predicted.map(({ question, shares }, i) =>
        labelled(question, byId.get(question) ?? newTexts[i - questions.length], shares),
      );
      groups.push({ group: id, predictions });
    }
    return groups;
  } finally {
    await engine.close();
  }
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
  id: string,
  asked: NewText | undefined,
  shares: readonly number[],
): QuestionPrediction {
  if (asked === undefined)
    throw new PlenaryError("invalid-input", `There is no question ${id} in the questionnaire.`, {
      question: id,
    });
  const options = asked.options.map((option, i) => ({ option, share: shares[i] ?? 0 }));
  return { question: id, text: asked.text, options };
}
