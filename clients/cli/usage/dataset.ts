import { HOW_TO_GET_MINILM } from "@plenary/training";
import type { Command } from "commander";
import { type DatasetFlags, datasetCheck, datasetCreate } from "../commands/dataset.ts";
import { type Runs, withReading, withSettings } from "./settings.ts";

/** Commands for those who found a federation on a questionnaire of their own. */
export function datasetCommands(program: Command, runs: Runs): void {
  const dataset = program
    .command("dataset")
    .description(
      "make and check the data set of a federation: questions, embeddings, held-out answers",
    );
  withReading(withSettings(dataset.command("create <output>"), []))
    .description(
      "make a data set of your own questions and held-out answers: OUTPUT.json, OUTPUT.emb.i8 and OUTPUT.held-out.jsonl",
    )
    .requiredOption(
      "--questions <file>",
      "questions as `plenary data import --questions` writes them, or CSV with the columns id, text, options (separated by |) and family",
    )
    .requiredOption("--held-out <files...>", "answers files of the groups that no member holds")
    .option(
      "--unseen <groups>",
      "hold out these groups of the files only, separated by commas; the others are the members' answers",
    )
    .option("--embedder <folder>", "folder of the text embedder all-MiniLM-L6-v2", "minilm")
    .option(
      "--embedder-name <name>",
      "the folder holds another BERT encoder: its name, which the questionnaire pins with its hashes",
    )
    .option("--name <name>", "what the set is called; by default the name of the output")
    .option("--title <text>", "shown to members; by default the name")
    .option("--source <text>", "where the answers are from")
    .option("--citation <text>", "how to cite them")
    .option("--licence <text>", "the terms under which questions and held-out answers are public")
    .option("--replace", "replace the files of an earlier creation")
    .addHelpText("after", `\n${HOW_TO_GET_MINILM}.`)
    .action(
      runs((session, output: string, flags: DatasetFlags) => datasetCreate(session, output, flags)),
    );
  withSettings(dataset.command("check <name|path>"), [])
    .description("load a data set with all checks, and say what it holds")
    .action(runs((session, path: string) => datasetCheck(session, path)));
}
