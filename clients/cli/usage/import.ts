import { DELIMITER_NAMES, DELIMITERS, type Delimiter } from "@plenary/sdk";
import { type Command, InvalidArgumentError, Option } from "commander";
import { dataImport, type ImportFlags } from "../commands/data-import.ts";
import { integer, type Runs, withReading, withSettings } from "./settings.ts";

const EXAMPLE = `
For the questions of a data set that exists, with a codebook, from one row a respondent:
  $ plenary data import survey.csv --group country --mapping codebook.csv --ignore-others \\
      --dataset us-opinion --output answers.csv

From one row an option, with shares:
  $ plenary data import shares.csv --group region --share percent --respondents n \\
      --output answers.csv

What the file does not say is asked for, with the option that answers it. docs/data.md has more.`;

/** `plenary data import`, below the command `data`. */
export function importCommand(data: Command, runs: Runs): void {
  const command = data
    .command("import <files...>")
    .description("make an answers file out of an institute's export, and say what was understood");
  withReading(withSettings(command, ["service", "rpc", "program", "federation", "keypair"]));
  fileOptions(command);
  meaningOptions(command);
  command
    .addHelpText("after", EXAMPLE)
    .action(
      runs((session, files: string[], flags: ImportFlags) => dataImport(session, files, flags)),
    );
}

function fileOptions(command: Command): void {
  command
    .option("--output <file>", "where the answers are written; without it nothing is")
    .option(
      "--questions <file>",
      "where the questions found are written, for a data set of your own",
    )
    .option("--dataset <name|path>", "the answers must fit the questions of this data set")
    .option("--for-federation", "the answers must fit the questions of the federation")
    .addOption(new Option("--delimiter <name>", "what separates columns").argParser(delimiter))
    .option("--header-line <n>", "the line that names the columns", integer)
    .option("--sheet <name>", "sheet of a workbook")
    .addOption(
      new Option("--layout <name>", "one row a respondent, or one row an answer").choices([
        "wide",
        "long",
      ]),
    );
}

function meaningOptions(command: Command): void {
  command
    .option("--group <columns>", "columns that make the groups; may be repeated", lists, [])
    .option("--group-name <name>", "all rows are of this group")
    .option("--bins <column=starts>", "make groups of a number: age=18,30,65", bins, new Map())
    .option("--weight <column>", "weight of a respondent")
    .option("--count <column>", "for how many respondents a row stands")
    .option("--share <column>", "share of the group that chose the option")
    .option("--weighted-count <column>", "weighted number of respondents that chose the option")
    .option("--respondents <column|n>", "respondents behind shares or weighted counts")
    .option("--missing <values>", "codes or labels that are not answers", list, [])
    .option("--mapping <file>", "codebook: JSON or CSV with texts, ids and labels of codes")
    .option("--question <columns>", "columns that are questions", list, [])
    .option("--ignore-others", "do not use columns that nothing names")
    .option("--keep-codes <columns>", "columns whose numbers are answers, not codes", list, [])
    .option("--merge-look-alikes", "names that look the same are one")
    .option("--sum-duplicates", "rows of one group, question and option add up")
    .option("--smallest-cell <n>", "leave out questions with fewer answers in a group", integer);
}

function list(text: string, before: readonly string[]): string[] {
  const parts = text.split(",").map((part) => part.trim());
  return [...before, ...parts.filter((part) => part !== "")];
}

function lists(text: string, before: readonly (readonly string[])[]): (readonly string[])[] {
  return [...before, list(text, [])];
}

function bins(text: string, before: ReadonlyMap<string, readonly number[]>) {
  const [column = "", starts = ""] = text.split(/=(?=[^=]*$)/);
  const numbers = starts.split(",").map((part) => Number(part.trim() || Number.NaN));
  const rising = numbers.every((start, i) => i === 0 || start > numbers[i - 1]!);
  if (column.trim() === "" || !numbers.every(Number.isInteger) || !rising)
    throw new InvalidArgumentError("Expected a column and rising whole numbers: age=18,30,65.");
  return new Map([...before, [column.trim(), numbers]]);
}

function delimiter(text: string): Delimiter {
  const found = DELIMITERS.find((mark) => mark === text || DELIMITER_NAMES[mark] === text);
  if (found === undefined) throw new InvalidArgumentError("Expected comma, semicolon or tab.");
  return found;
}
