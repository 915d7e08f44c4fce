import {
  addQuestions,
  listQuestions,
  type QuestionStanding,
  readAnswers,
  readModel,
  readNewQuestions,
  type Suggestion,
  signQuestions,
  suggestQuestions,
} from "@plenary/sdk";
import { configuredAnswers, configuredKeypair, openConfigured, type Session } from "../session.ts";

export interface AddFlags {
  readonly embedder: string;
  readonly members?: number;
}

/** `plenary questions add FILE` */
export async function questionsAdd(
  session: Session,
  file: string,
  { embedder, members }: AddFlags,
): Promise<void> {
  const questions = await readNewQuestions(file);
  const authority = await configuredKeypair(session);
  const federation = await openConfigured(session);
  const { signal } = session;
  const added = await addQuestions(federation, {
    authority,
    questions,
    embedder,
    members,
    signal,
  });
  const { version, fromRound } = added;
  const ids = added.questions.map(({ id }) => id);
  const silent = added.questions.filter(({ added: how }) => how?.pilots === undefined).length;
  session.output.say(
    "questions-added",
    [
      `version ${version} of the questionnaire adds ${ids.join(", ")}: rounds are trained on it from round ${fromRound} on`,
      ...(silent === 0
        ? []
        : [
            "the first such round counts who answers; the next one trains (say `pilots` to save it)",
          ]),
    ],
    { version, questions: ids, fromRound, questionnaire: added.questionnaire },
  );
}

/** `plenary questions sign` */
export async function questionsSign(session: Session): Promise<void> {
  const authority = await configuredKeypair(session);
  await signQuestions(await openConfigured(session), authority, session.signal);
  session.output.say("questions-signed", "the newest questionnaire has this authority's signature");
}

export interface ListFlags {
  readonly added?: boolean;
}

/** `plenary questions list` */
export async function questionsList(session: Session, { added }: ListFlags): Promise<void> {
  const federation = await openConfigured(session);
  const { model, round } = await readModel(federation, "last", session.signal);
  const all = listQuestions(federation, model);
  const questions = added === true ? all.filter(({ isAdded }) => isAdded) : all;
  const version = federation.questionnaireVersion;
  session.output.say(
    "questions",
    [
      `version ${version} of the questionnaire, ${all.length} questions; standing after round ${round}`,
      ...questions.map((question) => `  ${question.question}: ${standingText(question)}`),
    ],
    { version, round, questions },
  );
}

function standingText(question: QuestionStanding): string {
  const { text, isAdded, isTrained, isYoung, reach } = question;
  const state = isTrained ? (isYoung ? "young" : "trained") : "not trained";
  const share = reach === null ? "" : `, answered by ${percent(reach)} of the weight`;
  return `${state}${isAdded ? ", added" : ""}${share} - ${text}`;
}

export interface SuggestFlags {
  readonly question?: string;
  readonly targets?: string;
  readonly count?: number;
}

/** `plenary questions suggest` */
export async function questionsSuggest(session: Session, flags: SuggestFlags): Promise<void> {
  const federation = await openConfigured(session);
  const candidates = await configuredAnswers(session, federation.questionnaire);
  const targets =
    flags.targets === undefined
      ? undefined
      : await readAnswers(flags.targets, federation.questionnaire, session.reading);
  const { model } = await readModel(federation, "last", session.signal);
  const { question, count } = flags;
  const suggestion = await suggestQuestions(federation, {
    model,
    candidates,
    targets,
    question,
    count,
  });
  session.output.say("questions-suggested", suggestionLines(suggestion), { ...suggestion });
}

function suggestionLines({ question, groups, asked, next }: Suggestion): string[] {
  return [
    `${question.question}: ${standingText(question)}`,
    ...(asked.length === 0 ? [] : [`  answered by ${asked.join(", ")}`]),
    groups.length === 0
      ? "  no group of this file is left to ask"
      : "  ask these groups next; beside each, the part of the groups' differences that is left open:",
    ...groups.map(({ group, remaining }, i) => `  ${i + 1}. ${group}: ${percent(remaining)}`),
    ...(next.length === 0
      ? []
      : [`few members answered ${next.map((other) => other.question).join(", ")} either`]),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
