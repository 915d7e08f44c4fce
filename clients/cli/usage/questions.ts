import type { Command } from "commander";
import {
  type AddFlags,
  type ListFlags,
  questionsAdd,
  questionsList,
  questionsSign,
  questionsSuggest,
  type SuggestFlags,
} from "../commands/questions.ts";
import { ALL, integer, type Runs, withSettings } from "./settings.ts";

/** Commands about the questions of a federation that runs. */
export function questionCommands(program: Command, runs: Runs): void {
  const questions = program.command("questions").description("see, choose and add questions");
  withSettings(questions.command("list"), ALL)
    .description("list the questions, and how far each is trained")
    .option("--added", "only those that were added after the federation began")
    .action(runs((session, flags: ListFlags) => questionsList(session, flags)));
  withSettings(questions.command("suggest"), [...ALL, "data"])
    .description(
      "say which groups of a file (--data) to ask a question next, so that all are predicted best",
    )
    .option("--question <id>", "by default the one that the fewest members answered")
    .option("--targets <file>", "answers of the groups to predict; by default those of --data")
    .option("--count <n>", "groups to name", integer, 3)
    .action(runs((session, flags: SuggestFlags) => questionsSuggest(session, flags)));
  withSettings(questions.command("add"), ALL)
    .description("for the authority: add questions, which rounds are trained on from the next on")
    .argument(
      "<file>",
      'JSON: {"questions": [{"id", "text", "options", and if wanted "family", "pilots"}]}',
    )
    .requiredOption("--embedder <folder>", "folder of the text embedder all-MiniLM-L6-v2")
    .option("--members <n>", "members that take part; by default as in the last round", integer)
    .action(runs((session, file: string, flags: AddFlags) => questionsAdd(session, file, flags)));
  withSettings(questions.command("sign"), ALL)
    .description("for a new authority: sign the questions that the one before has added")
    .action(runs((session) => questionsSign(session)));
}
