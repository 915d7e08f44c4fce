import type { FederationContext } from "../access/index.ts";

/** What a federation's model knows about a question. */
export interface QuestionStanding {
  readonly question: string;
  readonly text: string;
  readonly options: readonly string[];
  readonly family: string;
  /** Whether it was added after the federation began. */
  readonly isAdded: boolean;
  /** Whether any member's answers have trained it. */
  readonly isTrained: boolean;
  /**
   * Whether it was added and too few members answered it, or too few rounds trained it, for more
   * than a base distribution: all groups are predicted alike.
   */
  readonly isYoung: boolean;
  /**
   * Share of the last round's weight whose members answered it; null where the predictor reserves
   * no room for new questions and so keeps no count.
   */
  readonly reach: number | null;
}

/** The newest questionnaire's questions, in its order, with what this model knows about them. */
export function listQuestions(
  { predictor, questionnaire }: Pick<FederationContext, "predictor" | "questionnaire">,
  model: Int32Array,
): QuestionStanding[] {
  const states = predictor.questionStates?.(model);
  return questionnaire.questions.map(({ id, text, options, family, added }, position) => {
    const state = states?.[position];
    return {
      question: id,
      text,
      options,
      family,
      isAdded: added !== undefined,
      isTrained: state?.isTrained ?? true,
      isYoung: state?.isYoung ?? false,
      reach: state?.reach ?? null,
    };
  });
}
