import { type Command, Option } from "commander";
import {
  type AuditRunFlags,
  auditDrawn,
  auditExport,
  auditRefused,
  auditRun,
} from "../commands/audit.ts";
import { ALL, amount, type Runs, withSettings } from "./settings.ts";

/** Commands for auditors of training, and for the members that they audit. */
export function auditCommands(program: Command, runs: Runs): void {
  const audit = program
    .command("audit")
    .description("audits of training, for members and auditors");
  withSettings(audit.command("drawn"), ALL)
    .description("list the members that are audited in a round, and their auditors")
    .argument("<round>", "number of a closed round", amount)
    .action(runs((session, round: bigint) => auditDrawn(session, round)));
  withSettings(audit.command("export <file>"), [...ALL, "updateKey", "owner", "data", "state"])
    .description(
      "write what a drawn member shows its auditor: its answers and the drawn checkpoints",
    )
    .requiredOption("--round <n>", "number of the round", amount)
    .action(
      runs((session, file: string, flags: { round: bigint }) => auditExport(session, file, flags)),
    );
  withSettings(audit.command("run <bundle>"), ALL)
    .description("redo the drawn segments of a member's training, sign the result and hand it in")
    .addOption(
      new Option("--engine <name>", "engine for audits with a tolerance").choices([
        "native",
        "wasm",
      ]),
    )
    .option("--dry-run", "do not hand the report in")
    .action(runs((session, file: string, flags: AuditRunFlags) => auditRun(session, file, flags)));
  withSettings(audit.command("refused <member>"), ALL)
    .description("report that a drawn member did not show its training")
    .requiredOption("--round <n>", "number of the round", amount)
    .action(
      runs((session, member: string, flags: { round: bigint }) =>
        auditRefused(session, member, flags),
      ),
    );
}
