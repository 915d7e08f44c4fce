import {
  canonicalText,
  checkQuestionnaireNames,
  PlenaryError,
  parserOf,
  type Question,
  QuestionSchema,
  quotedText,
  tidyText,
} from "@plenary/protocol";
import Type from "typebox";
import { readBytes } from "../files/index.ts";
import {
  csvRows,
  csvStart,
  decodeText,
  delimiterNaming,
  isBlankRow,
  type TableRow,
} from "../tables/index.ts";

const COLUMNS = ["id", "text", "options"] as const;
/** Between the options of a question in a CSV file. */
const BETWEEN_OPTIONS = "|";

const parseJsonForm = parserOf(
  Type.Object({
    questions: Type.Array(
      Type.Object({
        id: Type.String(),
        text: Type.String(),
        options: Type.Array(Type.String()),
        family: Type.Optional(Type.String()),
      }),
      { minItems: 1 },
    ),
  }),
  "Questions",
);
const parseQuestions = parserOf(
  Type.Array(QuestionSchema, { minItems: 1, maxItems: 100_000 }),
  "Questions",
);

type GivenQuestion = Omit<Question, "family"> & { readonly family?: string | undefined };

/**
 * Reads the questions of a new data set: JSON `{"questions": [{"id", "text", "options",
 * "family"}]}`, or CSV with the columns id, text, options (separated by |) and optionally family. A
 * question is its own family unless one is given. White space is written as one space, and
 * characters that draw nothing are left out. Throws `file-unreadable`, or `invalid-input` naming
 * the question, line or field.
 */
export async function readQuestions(path: string): Promise<Question[]> {
  const text = decodeText(await readBytes(path, "the file of questions"));
  const given = /^[\s\uFEFF]*[{[]/.test(text)
    ? questionsOfJson(path, text)
    : questionsOfCsv(path, text);
  const questions = given.map(({ id, text: asked, options, family }) => ({
    id: id.trim(),
    text: tidyText(asked),
    options: options.map(tidyText),
    family: family === undefined || family.trim() === "" ? id.trim() : tidyText(family),
  }));
  const parsed = parseQuestions(requireContents(questions));
  checkQuestionnaireNames({ questions: parsed });
  return parsed;
}

/** Says of an empty text or a single option what is wrong in words of its own. */
function requireContents(questions: Question[]): Question[] {
  for (const [position, { id, text, options }] of questions.entries()) {
    const problem =
      id === ""
        ? "has no id"
        : text === ""
          ? "has no text"
          : options.length < 2
            ? `has ${options.length === 0 ? "no options" : "one option"}: give two or more`
            : options.includes("")
              ? `has an empty option at position ${options.indexOf("")}`
              : null;
    if (problem !== null)
      throw new PlenaryError(
        "invalid-input",
        `Questions: question ${id === "" ? position : quotedText(id)} ${problem}.`,
        { field: `questions.${position}` },
      );
  }
  return questions;
}

function questionsOfJson(path: string, text: string): GivenQuestion[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new PlenaryError("invalid-input", `${path} is not valid JSON.`, { path }, { cause });
  }
  if (Array.isArray(value))
    throw new PlenaryError(
      "invalid-input",
      `${path} is a JSON array: put it into an object, {"questions": [...]}.`,
      { path },
    );
  return parseJsonForm(value).questions;
}

function questionsOfCsv(path: string, text: string): GivenQuestion[] {
  const whole = text.replace(/^\uFEFF/, "");
  const start = csvStart(whole);
  const body = whole.slice(start.skip);
  const delimiter = start.delimiter ?? delimiterNaming(body, COLUMNS) ?? ",";
  const [header, ...rows] = csvRows(body, delimiter, start.line).filter(
    ({ cells }) => !isBlankRow(cells),
  );
  if (header === undefined)
    throw new PlenaryError(
      "invalid-input",
      `${path} is empty: it needs the columns ${COLUMNS.join(", ")}.`,
      { path },
    );
  const columns = columnsOf(path, header);
  return rows.map((row) => questionOfRow(path, row, columns));
}

interface Columns {
  readonly names: readonly string[];
  readonly width: number;
}

function columnsOf(path: string, { line, cells }: TableRow): Columns {
  const names = cells.map((cell) => canonicalText(cell).toLowerCase());
  const known: readonly string[] = [...COLUMNS, "family", ""];
  const missing = COLUMNS.find((name) => !names.includes(name));
  const unknown = names.find((name) => !known.includes(name));
  const twice = names.find((name, at) => name !== "" && names.indexOf(name) < at);
  const problem =
    missing !== undefined
      ? `the column ${missing} is missing: a file of questions has the columns ${COLUMNS.join(", ")} and optionally family`
      : unknown !== undefined
        ? `the column ${quotedText(unknown)} would go unused: remove it`
        : twice !== undefined
          ? `the column ${twice} occurs twice`
          : null;
  if (problem !== null) throw refusedLine(path, line, problem);
  return { names, width: cells.length };
}

function questionOfRow(
  path: string,
  { line, cells }: TableRow,
  { names, width }: Columns,
): GivenQuestion {
  if (!isBlankRow(cells.slice(width)))
    throw refusedLine(
      path,
      line,
      "the row has more fields than the header: quote a cell in which the delimiter occurs",
    );
  const cell = (name: string) => cells[names.indexOf(name)] ?? "";
  const family = names.includes("family") ? cell("family") : undefined;
  const options = cell("options").split(BETWEEN_OPTIONS);
  return { id: cell("id"), text: cell("text"), options, family };
}

function refusedLine(path: string, line: number, problem: string): PlenaryError {
  return new PlenaryError("invalid-input", `${path}, line ${line}: ${problem}.`, { path, line });
}
