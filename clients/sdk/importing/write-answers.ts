import type { AnswerSet } from "@plenary/protocol";
import type { FoundQuestion } from "./importer.ts";

/** The canonical answers file: CSV with question, group, option and count, options by text. */
export function answersCsv(answers: AnswerSet, questions: readonly FoundQuestion[]): string {
  const options = new Map(questions.map(({ id, options: texts }) => [id, texts]));
  const lines = answers.groups.flatMap((group) =>
    group.answers.flatMap(({ question, counts }) =>
      counts.flatMap((count, option) =>
        count === 0
          ? []
          : [
              [question, group.id, options.get(question)?.[option] ?? "", `${count}`]
                .map(field)
                .join(),
            ],
      ),
    ),
  );
  return ["question,group,option,count", ...lines, ""].join("\n");
}

/** The questions for `plenary dataset create`. */
export function questionsJson(questions: readonly FoundQuestion[]): string {
  return `${JSON.stringify({ questions }, null, 1)}\n`;
}

function field(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
