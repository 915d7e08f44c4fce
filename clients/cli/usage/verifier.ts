import type { Command } from "commander";
import {
  type CheckOmissionFlags,
  checkOmission,
  equivocationReport,
  type ProveOmissionFlags,
  proveOmission,
} from "../commands/evidence.ts";
import { verifyClaim } from "../commands/rewards.ts";
import { type VerifyFlags, verify } from "../commands/verification.ts";
import { type WatchFlags, watch } from "../commands/watch.ts";
import { ALL, amount, integer, type Runs, withSettings } from "./settings.ts";

/** Commands for those who check rounds and trust no one. */
export function checkCommands(program: Command, runs: Runs): void {
  withSettings(program.command("verify-claim [owner]"), ALL)
    .description("check a member's proof of pay against the chain")
    .action(runs((session, owner: string | undefined) => verifyClaim(session, owner)));
  withSettings(program.command("verify"), [...ALL, "state"])
    .alias("verify-round")
    .description(
      "recompute a round from public bytes, compare it with the chain and name the first fault",
    )
    .argument("<number>", "number of a committed round", amount)
    .option(...BLOBS)
    .option(
      "--dispute",
      "prove the fault on chain; the keypair's account pays deposit and fees, and is rewarded",
    )
    .action(runs((session, number: bigint, flags: VerifyFlags) => verify(session, number, flags)));
  withSettings(program.command("watch"), [...ALL, "state"])
    .description("verify every round as it is committed, until told to stop; a restart continues")
    .option(...BLOBS)
    .option(
      "--dispute",
      "prove faults on chain; the keypair's account pays deposits and fees, and is rewarded",
    )
    .option("--from <n>", "first round; by default the oldest that can still be disputed", amount)
    .option(
      "--metrics-port <n>",
      "serve Prometheus metrics at this port of 127.0.0.1; 0 is any free port",
      integer,
    )
    .action(runs((session, flags: WatchFlags) => watch(session, flags)));
}

/** Commands for holders of evidence against an aggregator or a member. */
export function evidenceCommands(program: Command, runs: Runs): void {
  withSettings(program.command("prove-omission"), [...ALL, "state"])
    .description(
      "write a file that proves that a committed round left out an update with a receipt",
    )
    .argument("<number>", "number of the round", amount)
    .argument("<file>", "where to write the proof")
    .option(...BLOBS)
    .option(...SUBMIT)
    .action(
      runs((session, round: bigint, file: string, flags: ProveOmissionFlags) =>
        proveOmission(session, round, file, flags),
      ),
    );
  withSettings(program.command("check-omission <file>"), ["rpc", "program", "keypair"])
    .description("check a proof of omission from anyone against the chain")
    .option(...SUBMIT)
    .action(
      runs((session, file: string, flags: CheckOmissionFlags) =>
        checkOmission(session, file, flags),
      ),
    );
  withSettings(program.command("report-equivocation <file>"), ["rpc", "program", "keypair"])
    .description(
      "report a member that signed two updates with one sequence; half of its stake is yours",
    )
    .action(runs((session, file: string) => equivocationReport(session, file)));
}

const SUBMIT = [
  "--submit",
  "prove it on chain too; the keypair's account pays deposit and fees, and is rewarded",
] as const;

const BLOBS = [
  "--blobs <url|folder>",
  "source of the public bytes instead of the service: a mirror or a folder",
] as const;
