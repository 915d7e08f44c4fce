import type { Command } from "commander";
import { authorityCommands, bondCommands } from "./authority.ts";
import { foundingCommands } from "./founding.ts";
import type { Runs } from "./settings.ts";

/** Commands for the operator of a federation. */
export function operatorCommands(program: Command, runs: Runs): void {
  const federation = program.command("federation").description("for the operator of a federation");
  foundingCommands(federation, runs);
  authorityCommands(federation, runs);
  bondCommands(program, runs);
}
