import type { AnswerSet } from "./answers.ts";
import { PlenaryError } from "./errors.ts";
import type { Question, Questionnaire } from "./questionnaire.ts";
import { canonicalText, findLookAlikes, hasControlCharacter, quotedText } from "./text-identity.ts";

/**
 * Checks what a reader of a questionnaire could mistake, for those who found a federation on it or
 * take one on: ids that are the same or look the same, options of one question that do, texts
 * that show nothing, and control characters. Federations that exist already are read without this.
 * Throws `invalid-input` naming the question and, in `field`, the place.
 */
export function checkQuestionnaireNames({ questions }: Pick<Questionnaire, "questions">): void {
  for (const [position, question] of questions.entries())
    checkQuestion(question, `questions.${position}`);
  const ids = findLookAlikes(questions.map(({ id }) => id));
  if (ids !== null) {
    const [first, second] = [questions[ids.first]!.id, questions[ids.second]!.id];
    throw invalid(
      first === second
        ? `questions ${ids.first} and ${ids.second} both have the id ${quotedText(first)}: give each an id of its own`
        : `questions ${ids.first} and ${ids.second} have ids that look the same, ${quotedText(first)} and ${quotedText(second)}: rename one`,
      `questions.${ids.second}.id`,
    );
  }
  checkFamilies(questions);
}

/**
 * Checks that no two groups have ids that look the same, and that none holds a control character.
 * Throws `answers-invalid` naming the groups.
 */
export function checkGroupNames({ groups }: AnswerSet): void {
  for (const { id } of groups)
    if (canonicalText(id) === "" || hasControlCharacter(id))
      throw new PlenaryError(
        "answers-invalid",
        `Group ${quotedText(id)}: its id ${nameProblem(id)}. Rename the group.`,
        { group: id },
      );
  const alike = findLookAlikes(groups.map(({ id }) => id));
  if (alike === null) return;
  const [first, second] = [groups[alike.first]!.id, groups[alike.second]!.id];
  throw new PlenaryError(
    "answers-invalid",
    `The groups ${quotedText(first)} and ${quotedText(second)} look the same: write both alike, or rename one.`,
    { group: second },
  );
}

function checkQuestion({ id, text, options, family }: Question, field: string): void {
  const name = quotedText(id);
  for (const [part, value] of Object.entries({ id, text, family })) {
    const problem = nameProblem(value);
    if (problem !== null)
      throw invalid(`question ${name}: its ${part} ${problem}`, `${field}.${part}`);
  }
  for (const [position, option] of options.entries()) {
    const problem = nameProblem(option);
    if (problem !== null)
      throw invalid(
        `question ${name}: option ${position} ${problem}`,
        `${field}.options.${position}`,
      );
  }
  // Members' answers name options in any case.
  const alike = findLookAlikes(options, (option) => canonicalText(option).toLowerCase());
  if (alike === null) return;
  const [first, second] = [quotedText(options[alike.first]!), quotedText(options[alike.second]!)];
  const pair = first === second ? `has the option ${first} twice` : `has ${first} and ${second}`;
  throw invalid(
    `question ${name} ${pair}: answers could not tell options ${alike.first} and ${alike.second} apart`,
    `${field}.options.${alike.second}`,
  );
}

/** Families that look the same would be held out one without the other. */
function checkFamilies(questions: readonly Question[]): void {
  const families = [...new Set(questions.map(({ family }) => family))];
  const alike = findLookAlikes(families);
  if (alike === null) return;
  const [first, second] = [families[alike.first]!, families[alike.second]!];
  const position = questions.findIndex(({ family }) => family === second);
  throw invalid(
    `question ${position} is of the family ${quotedText(second)}, which looks the same as ${quotedText(first)}: write both alike`,
    `questions.${position}.family`,
  );
}

function nameProblem(text: string): string | null {
  if (hasControlCharacter(text)) return `holds a control character, ${quotedText(text)}`;
  return canonicalText(text) === "" ? "is empty" : null;
}

function invalid(problem: string, field: string): PlenaryError {
  return new PlenaryError("invalid-input", `Questionnaire: ${problem}.`, { field });
}
