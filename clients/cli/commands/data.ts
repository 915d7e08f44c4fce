import { type AnswerSet, countCells, type Questionnaire } from "@plenary/protocol";
import { type AnswersProblem, checkAnswersFile, loadDataset } from "@plenary/sdk";
import { canTrainOn } from "@plenary/training";
import { EXIT } from "../exit-codes.ts";
import { problemText } from "../remedies.ts";
import { openConfigured, type Session } from "../session.ts";

/** `plenary data check FILE`: exit code 2 also where nothing can be trained on, as `train` ends. */
export async function dataCheck(
  session: Session,
  file: string,
  { dataset }: { readonly dataset?: string },
): Promise<number> {
  const questionnaire = await questionnaireOf(session, dataset);
  const checked = await checkAnswersFile(file, questionnaire, session.reading);
  const { answers, problems, warnings } = checked;
  const notes = warnings.map((warning) => `note: ${placed(file, warning)}`);
  if (answers === null) {
    const lines = problems.map((problem) => placed(file, problem));
    session.output.say("data-checked", [...notes, ...lines], {
      file,
      valid: false,
      problems,
      warnings,
    });
    return EXIT.input;
  }
  const training = answers.groups.filter(canTrainOn);
  const fields = {
    file,
    valid: true,
    groups: answers.groups.map(({ id }) => id),
    cells: countCells(answers),
    respondents: answers.groups.map(respondentsOf),
    training: { groups: training.length, cells: countCells({ ...answers, groups: training }) },
    problems: [],
    warnings,
  };
  session.output.say("data-checked", [...notes, ...contentLines(file, answers)], fields);
  return training.length > 0 ? EXIT.done : EXIT.input;
}

const NOTHING_TO_TRAIN_ON =
  "The file can be read, but not trained on: no group answers two questions or more, one to show and one to ask.";

/** What was read, group by group, and what training will use of it. */
function contentLines(file: string, answers: AnswerSet): string[] {
  const training = answers.groups.filter(canTrainOn);
  const used = countCells({ ...answers, groups: training });
  const groups = answers.groups.map((group) => {
    const respondents = respondentsOf(group);
    const [least, most] = [Math.min(...respondents), Math.max(...respondents)];
    const each = least === most ? `${least}` : `${least} to ${most}`;
    const unused = canTrainOn(group) ? "" : "; training needs two questions and leaves it out";
    return `  ${group.id}: ${plural(group.answers.length, "question")}, ${each} ${most === 1 ? "respondent" : "respondents"} each${unused}`;
  });
  return [
    `${file}: ${plural(answers.groups.length, "group")}, ${plural(countCells(answers), "answered question")} in all`,
    ...groups,
    training.length > 0
      ? `training will use ${plural(training.length, "group")} with ${plural(used, "answered question")}`
      : NOTHING_TO_TRAIN_ON,
  ];
}

/** Respondents of each question of a group. */
function respondentsOf({ answers }: AnswerSet["groups"][number]): number[] {
  return answers.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
}

function placed(file: string, problem: AnswersProblem): string {
  const column = problem.column === null ? "" : `, column ${problem.column}`;
  return `${file}, line ${problem.line}${column}: ${problemText(problem)}`;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

async function questionnaireOf(
  session: Session,
  dataset: string | undefined,
): Promise<Questionnaire> {
  return dataset === undefined
    ? (await openConfigured(session)).questionnaire
    : (await loadDataset(dataset)).questionnaire;
}
