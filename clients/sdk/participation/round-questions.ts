import { type AnswerSet, PlenaryError, type RoundView } from "@plenary/protocol";
import type { EngineName } from "@plenary/training";
import {
  type FederationContext,
  type FederationQuestions,
  questionsOfRound,
} from "../access/index.ts";
import { type LocalTrainer, openLocalTrainer } from "./local-training.ts";

/** What a member trains a round with: the round's questionnaire, and its own answers to it. */
export interface RoundQuestions {
  readonly context: FederationContext;
  readonly answers: AnswerSet;
  readonly trainer: LocalTrainer;
}

/** The trainer of the questionnaire version that the last round had. */
export interface QuestionsKeeper {
  /**
   * Throws `verification-failed` for a version that the authority did not sign, and
   * `answers-invalid` if the round's questionnaire has none of the questions that were answered.
   */
  of(view: Pick<RoundView, "number" | "questionnaire">): Promise<RoundQuestions>;
  close(): Promise<void>;
}

/**
 * Keeps one training thread, for the questionnaire version of the last round that was asked for.
 */
export function keepQuestions(
  { context, answers }: Pick<RoundQuestions, "context" | "answers">,
  engine: EngineName,
  signal: AbortSignal | undefined,
): QuestionsKeeper {
  let kept: (RoundQuestions & { readonly questions: FederationQuestions }) | undefined;
  return {
    async of(view) {
      const questions = await questionsOfRound(context, view.questionnaire, signal);
      if (kept?.questions.questionnaireVersion === questions.questionnaireVersion) return kept;
      await kept?.trainer.close();
      const current = { ...context, ...questions };
      kept = {
        questions,
        context: current,
        answers: answersTo(answers, current, view),
        trainer: openLocalTrainer(current, engine),
      };
      return kept;
    },
    async close() {
      await kept?.trainer.close();
    },
  };
}

/** Answers to questions that the round's questionnaire has: others were added later. */
function answersTo(
  answers: AnswerSet,
  { questionnaire, questionnaireVersion }: FederationContext,
  { number }: Pick<RoundView, "number">,
): AnswerSet {
  const known = new Set(questionnaire.questions.map(({ id }) => id));
  const groups = answers.groups
    .map((group) => ({
      ...group,
      answers: group.answers.filter(({ question }) => known.has(question)),
    }))
    .filter((group) => group.answers.length > 0);
  if (groups.length > 0) return { ...answers, groups };
  throw new PlenaryError(
    "answers-invalid",
    `Round ${number} is trained on version ${questionnaireVersion} of the questionnaire, and these answers are all to questions that it does not have.`,
    { round: number, version: questionnaireVersion },
  );
}
