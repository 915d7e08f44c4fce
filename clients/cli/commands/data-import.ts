import { resolve } from "node:path";
import { countCells, PlenaryError, type Questionnaire } from "@plenary/protocol";
import {
  answersCsv,
  type Delimiter,
  type ImportOptions,
  type ImportResult,
  importFiles,
  loadDataset,
  questionsJson,
  readBytes,
  readMapping,
  writeDurably,
} from "@plenary/sdk";
import { EXIT } from "../exit-codes.ts";
import { importLines } from "../output/index.ts";
import { problemText } from "../remedies.ts";
import { openConfigured, type Session } from "../session.ts";

export interface ImportFlags {
  readonly output?: string;
  readonly questions?: string;
  readonly dataset?: string;
  readonly forFederation?: boolean;
  readonly delimiter?: Delimiter;
  readonly headerLine?: number;
  readonly sheet?: string;
  readonly layout?: "wide" | "long";
  readonly group: readonly (readonly string[])[];
  readonly groupName?: string;
  readonly bins: ReadonlyMap<string, readonly number[]>;
  readonly weight?: string;
  readonly count?: string;
  readonly share?: string;
  readonly weightedCount?: string;
  readonly respondents?: string;
  readonly missing: readonly string[];
  readonly mapping?: string;
  readonly question: readonly string[];
  readonly ignoreOthers?: boolean;
  readonly keepCodes: readonly string[];
  readonly mergeLookAlikes?: boolean;
  readonly sumDuplicates?: boolean;
  readonly smallestCell?: number;
}

/** `plenary data import FILE...` */
export async function dataImport(
  session: Session,
  files: readonly string[],
  flags: ImportFlags,
): Promise<number> {
  refuseOverwriting(files, flags);
  const options = await optionsOf(session, flags);
  const result = await importFiles(files, options);
  const { answers, problems } = result;
  if (answers === null) {
    const lines = problems.map((problem) => {
      const column = problem.column === null ? "" : `, column ${problem.column}`;
      return `${problem.file}, line ${problem.line}${column}: ${problemText(problem)}`;
    });
    session.output.say("data-imported", lines, { files, valid: false, problems });
    return EXIT.input;
  }
  const written = await writeResult(result, options.questionnaire, flags);
  session.output.say("data-imported", [...importLines(result), ...written.lines], {
    valid: true,
    ...result.summary,
    cells: countCells(answers),
    written: written.files,
  });
  return EXIT.done;
}

async function optionsOf(session: Session, flags: ImportFlags) {
  const { group, question, ...rest } = flags;
  const text =
    flags.mapping === undefined ? undefined : await readBytes(flags.mapping, "the mapping");
  const options: ImportOptions = {
    ...rest,
    groupings: group.length > 0 ? group : undefined,
    questions: question,
    ignoreColumns: session.reading.ignoreColumns,
    mapping: text && readMapping(new TextDecoder().decode(text)),
    questionnaire: await questionnaireOf(session, flags),
  };
  const { delimiter, headerLine, sheet } = flags;
  return { ...options, delimiter, headerLine, sheet, encoding: session.reading.encoding };
}

async function questionnaireOf(
  session: Session,
  { dataset, forFederation }: ImportFlags,
): Promise<Questionnaire | undefined> {
  if (dataset !== undefined) return (await loadDataset(dataset)).questionnaire;
  return forFederation ? (await openConfigured(session)).questionnaire : undefined;
}

async function writeResult(
  result: ImportResult,
  questionnaire: Questionnaire | undefined,
  { output, questions }: ImportFlags,
): Promise<{ lines: string[]; files: string[] }> {
  const { answers } = result;
  const texts: [string | undefined, string][] = [
    [
      output,
      answers === null ? "" : answersCsv(answers, questionnaire?.questions ?? result.questions),
    ],
    [questions, questionsJson(result.questions)],
  ];
  const files: string[] = [];
  for (const [file, text] of texts)
    if (file !== undefined) {
      await writeDurably(file, text);
      files.push(file);
    }
  const lines = files.map((file) => `wrote ${file}`);
  return {
    lines: files.length > 0 ? lines : ["nothing was written: name a file with --output"],
    files,
  };
}

/** An export is never replaced by what was made of it. */
function refuseOverwriting(files: readonly string[], flags: ImportFlags): void {
  const read = new Set(
    [...files, ...(flags.mapping ? [flags.mapping] : [])].map((file) => resolve(file)),
  );
  for (const file of [flags.output, flags.questions])
    if (file !== undefined && read.has(resolve(file)))
      throw new PlenaryError("invalid-input", `${file} is read from: write to another file.`, {
        file,
      });
}
