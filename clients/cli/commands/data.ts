import type { Questionnaire } from "@plenary/protocol";
import { countCells } from "@plenary/protocol";
import { checkAnswersFile, loadDataset } from "@plenary/sdk";
import { EXIT } from "../exit-codes.ts";
import { openConfigured, type Session } from "../session.ts";

/** `plenary data check FILE` */
export async function dataCheck(
  session: Session,
  file: string,
  { dataset }: { readonly dataset?: string },
): Promise<number> {
  const questionnaire = await questionnaireOf(session, dataset);
  const { answers, problems } = await checkAnswersFile(file, questionnaire);
  if (answers === null) {
    const lines = problems.map(
      ({ line, column, message }) =>
        `${file}, line ${line}${column === null ? "" : `, column ${column}`}: ${message}`,
    );
    session.output.say("data-checked", lines, { file, valid: false, problems });
    return EXIT.input;
  }
  const groups = answers.groups.map(({ id }) => id);
  const cells = countCells(answers);
  session.output.say(
    "data-checked",
    `${file}: ${groups.length} groups (${groups.join(", ")}), ${cells} answered questions in all`,
    { file, valid: true, groups, cells },
  );
  return EXIT.done;
}

async function questionnaireOf(
  session: Session,
  dataset: string | undefined,
): Promise<Questionnaire> {
  return dataset === undefined
    ? (await openConfigured(session)).questionnaire
    : (await loadDataset(dataset)).questionnaire;
}
