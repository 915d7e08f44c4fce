import { countCells } from "@plenary/protocol";
import type { ImportResult, ImportSummary } from "@plenary/sdk";

/** Longer lists are cut in text; `--json` has them whole. */
const MOST_LISTED = 12;

/** What an import understood, for people. */
export function importLines({ answers, summary }: ImportResult): string[] {
  const cells = answers === null ? 0 : countCells(answers);
  return [
    ...summary.files.flatMap(fileLines),
    `${summary.groups.length} groups:`,
    ...cut(
      summary.groups.map(({ name, rows }) => {
        const asked = answers?.groups.find(({ id }) => id === name)?.answers.length ?? 0;
        return `  ${name}: ${rows} rows, ${asked} answered questions`;
      }),
    ),
    `${summary.questions.length} questions:`,
    ...cut(summary.questions.flatMap(questionLines)),
    `${cells} answered questions of groups in all`,
  ];
}

function fileLines(file: ImportSummary["files"][number]): string[] {
  const layout = file.layout === "wide" ? "one row a respondent" : "one row an answer";
  const { kind, column } = file.measure;
  const measure = column === null ? "each row counts once" : `column ${column} is the ${kind}`;
  return [
    ...file.notes.map(({ line, message }) => `note: ${file.file}, line ${line}: ${message}`),
    `${file.file}: ${file.format}, ${file.rows} rows, ${layout}; ${measure}`,
    ...(file.ignored.length > 0 ? [`  not used: ${file.ignored.join(", ")}`] : []),
    ...file.withoutGroup
      .filter(({ rows }) => rows > 0)
      .map(({ grouping, rows }) => `  without a group by ${grouping}: ${rows} rows`),
    ...(file.withoutWeight > 0 ? [`  without a weight: ${file.withoutWeight} rows`] : []),
  ];
}

function questionLines(question: ImportSummary["questions"][number]): string[] {
  const order = {
    given: "",
    numbers: ", in the order of their numbers",
    appearance: ", in the order in which they occur: the mapping can give another",
  }[question.order];
  const dropped = [
    ...question.missing.map(({ value, count }) => `${value} ${number(count)}`),
    ...(question.blank > 0 ? [`blank ${question.blank}`] : []),
    ...(question.small > 0 ? [`groups with too few answers ${question.small}`] : []),
  ];
  const left = dropped.length > 0 ? `; left out: ${dropped.join(", ")}` : "";
  return [
    `  ${question.id}: ${question.options.join(" | ")}${order}; ${number(question.answered)} answers${left}`,
  ];
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function cut(lines: readonly string[]): string[] {
  if (lines.length <= MOST_LISTED) return [...lines];
  return [...lines.slice(0, MOST_LISTED), `  and ${lines.length - MOST_LISTED} more`];
}
