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

/** For whoever trusts nobody. */
export function checkCommands(program: Command, runs: Runs): void {
  withSettings(program.command("verify-claim [owner]"), ALL)
    .description("check a member's proof of pay against the chain")
    .action(runs((session, owner: string | undefined) => verifyClaim(session, owner)));
  withSettings(program.command("verify"), [...ALL, "state"])
    .alias("verify-round")
    .description(
      "compute a round anew from public bytes, compare it with the chain and name the first wrong thing",
    )
    .argument("<number>", "number of a committed round", amount)
    .option(...BLOBS)
    .option(
      "--dispute",
      "prove on chain what is wrong; the keypair's account pays deposit and fees, and is paid",
    )
    .action(runs((session, number: bigint, flags: VerifyFlags) => verify(session, number, flags)));
  withSettings(program.command("watch"), [...ALL, "state"])
    .description(
      "verify every round as it is committed, until told to stop; started again it goes on",
    )
    .option(...BLOBS)
    .option(
      "--dispute",
      "prove on chain what is wrong, with the keypair's account paying deposits and fees",
    )
    .option("--from <n>", "first round; by default the oldest that can still be disputed", amount)
    .option(
      "--metrics-port <n>",
      "serve Prometheus metrics at this port of 127.0.0.1; 0 is any",
      integer,
    )
    .action(runs((session, flags: WatchFlags) => watch(session, flags)));
}

/** For who holds evidence against an aggregator or a member. */
export function evidenceCommands(program: Command, runs: Runs): void {
  withSettings(program.command("prove-omission"), [...ALL, "state"])
    .description(
      "write a file that proves that a committed round left out an update which you hold a receipt for",
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
    .description("check such a file, whoever made it, against the chain")
    .option(...SUBMIT)
    .action(
      runs((session, file: string, flags: CheckOmissionFlags) =>
        checkOmission(session, file, flags),
      ),
    );
  withSettings(program.command("report-equivocation <file>"), ["rpc", "program", "keypair"])
    .description(
      "take the stake of a member that signed two updates with one sequence, half of it for you",
    )
    .action(runs((session, file: string) => equivocationReport(session, file)));
}

const SUBMIT = [
  "--submit",
  "prove it on chain too; the keypair's account pays deposit and fees, and is paid",
] as const;

const BLOBS = [
  "--blobs <url|folder>",
  "where the public bytes are, instead of the service: a mirror or a folder",
] as const;
