import { type AnswerSet, PlenaryError } from "@plenary/protocol";
import type { EngineName } from "@plenary/training";
import type { FederationContext } from "../access/index.ts";
import { predictAnswers } from "../model/index.ts";
import { chooseGroups, type GroupChoice, type GroupProfile } from "./choose-groups.ts";
import { listQuestions, type QuestionStanding } from "./list-questions.ts";

export interface SuggestQuestions {
  /** The model's parameters in fixed point; see `readModel`. */
  readonly model: Int32Array;
  /** Groups that could be asked, with answers that they gave. They stay on this machine. */
  readonly candidates: AnswerSet;
  /** Groups that the question is to be predicted for; by default the candidates. */
  readonly targets?: AnswerSet | undefined;
  /** Id of the question; by default the one that the fewest members answered. */
  readonly question?: string | undefined;
  /** Groups to name; 3 by default, from which on a question's vector counts. */
  readonly count?: number | undefined;
  readonly engine?: EngineName | undefined;
}

export interface Suggestion {
  readonly question: QuestionStanding;
  /** The groups to ask, in this order. */
  readonly groups: readonly GroupChoice[];
  /** Candidates that have answered the question already. */
  readonly asked: readonly string[];
  /** Other questions that few members answered, the fewest first. */
  readonly next: readonly QuestionStanding[];
}

const DEFAULT_COUNT = 3;
const MOST_NEXT = 10;

/**
 * Says which groups to ask a question next: those whose answers tell most about the targets, by the
 * likeness of their predicted answers to all other questions. Throws `invalid-input` for a question
 * that the questionnaire does not have.
 */
export async function suggestQuestions(
  context: Pick<FederationContext, "predictor" | "questionnaire">,
  request: SuggestQuestions,
): Promise<Suggestion> {
  const { model, candidates, targets = candidates, count = DEFAULT_COUNT, engine } = request;
  const ranked = listQuestions(context, model).toSorted(byNeed);
  const question = chosen(ranked, request.question);
  const profilesOf = (answers: AnswerSet) =>
    profiles(context, { model, answers, question: question.question, engine });
  const own = await profilesOf(candidates);
  const answered = new Set(
    candidates.groups
      .filter(({ answers }) => answers.some((answer) => answer.question === question.question))
      .map(({ id }) => id),
  );
  const groups = chooseGroups({
    candidates: own.filter(({ group }) => !answered.has(group)),
    asked: own.filter(({ group }) => answered.has(group)),
    targets: targets === candidates ? own : await profilesOf(targets),
    count,
  });
  const next = ranked.filter((other) => other.question !== question.question && need(other) < FEW);
  return { question, groups, asked: [...answered], next: next.slice(0, MOST_NEXT) };
}

/** Below this share of the weight, few members answered a question. */
const FEW = 0.5;

/** Sorts what is least known first. */
function need({ isTrained, reach }: QuestionStanding): number {
  return isTrained ? (reach ?? 1) : 0;
}

function byNeed(a: QuestionStanding, b: QuestionStanding): number {
  return need(a) - need(b) || Number(b.isAdded) - Number(a.isAdded);
}

function chosen(ranked: readonly QuestionStanding[], id: string | undefined): QuestionStanding {
  const found = id === undefined ? ranked[0] : ranked.find(({ question }) => question === id);
  if (found !== undefined) return found;
  throw new PlenaryError(
    "invalid-input",
    `There is no question ${id} in the questionnaire: plenary questions list shows all.`,
    { question: id ?? "" },
  );
}

interface ProfileInput {
  readonly model: Int32Array;
  readonly answers: AnswerSet;
  readonly question: string;
  readonly engine: EngineName | undefined;
}

/** What each group answers, or is predicted to answer, to all trained questions but one. */
async function profiles(
  context: Pick<FederationContext, "predictor" | "questionnaire">,
  { model, answers, question, engine }: ProfileInput,
): Promise<GroupProfile[]> {
  const questions = listQuestions(context, model)
    .filter((other) => other.isTrained && !other.isYoung && other.question !== question)
    .map((other) => other.question);
  const groups = answers.groups.map((group) => ({
    ...group,
    answers: group.answers.filter((answer) => answer.question !== question),
  }));
  const predicted = await predictAnswers(context, {
    model,
    answers: { ...answers, groups },
    questions,
    ...(engine !== undefined && { engine }),
  });
  return predicted.groups.map(({ group, predictions }) => ({
    group,
    shares: predictions.flatMap(({ options }) => options.map(({ share }) => share)),
  }));
}
