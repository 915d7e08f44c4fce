import type { Encoding } from "@plenary/sdk";
import { Command } from "commander";
import type { Settings } from "./config.ts";
import { exitCodesText } from "./exit-codes.ts";
import type { Session } from "./session.ts";
import { auditCommands } from "./usage/auditor.ts";
import { datasetCommands } from "./usage/dataset.ts";
import { addExamples } from "./usage/examples.ts";
import {
  dataCommands,
  keyCommands,
  memberCommands,
  membershipCommands,
  modelCommands,
} from "./usage/member.ts";
import { operatorCommands } from "./usage/operator.ts";
import { questionCommands } from "./usage/questions.ts";
import { checkCommands, evidenceCommands } from "./usage/verifier.ts";

/** What `withReading` declares, under the names that commander gives it. */
export interface GivenReading {
  readonly ignoreColumn?: readonly string[];
  readonly encoding?: Encoding;
}

/** Runs a command with its settings. The number is the process's exit code. */
export type Run = (
  given: Partial<Settings> & GivenReading & { readonly json?: boolean },
  work: (session: Session) => Promise<unknown>,
) => Promise<void>;

/** The `plenary` command: its arguments and options, not its work. */
export function buildProgram(run: Run): Command {
  const program = new Command("plenary")
    .description("Take part in federated preference learning that settles on Solana.")
    .version("0.1.0")
    .showHelpAfterError("(plenary --help lists commands and options)")
    .addHelpText("after", `\n${exitCodesText()}`);
  const runs =
    <Rest extends unknown[]>(work: (session: Session, ...rest: Rest) => Promise<unknown>) =>
    (...parameters: unknown[]): Promise<void> => {
      // Commander passes what each command below declares, then its options, then the command. Its
      // types do not say so.
      const command = parameters.at(-1) as Command;
      const rest = [...parameters.slice(0, -2), command.opts()] as unknown as Rest;
      return run(command.optsWithGlobals(), (session) => work(session, ...rest));
    };
  keyCommands(program, runs);
  operatorCommands(program, runs);
  memberCommands(program, runs);
  membershipCommands(program, runs);
  modelCommands(program, runs);
  questionCommands(program, runs);
  checkCommands(program, runs);
  dataCommands(program, runs);
  datasetCommands(program, runs);
  auditCommands(program, runs);
  evidenceCommands(program, runs);
  addExamples(program);
  return program;
}
