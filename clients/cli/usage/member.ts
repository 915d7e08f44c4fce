import { MODEL_FORMATS } from "@plenary/sdk";
import { type Command, Option } from "commander";
import { dataCheck } from "../commands/data.ts";
import { type JoinFlags, join } from "../commands/join.ts";
import { airdrop, keygen } from "../commands/keys.ts";
import { status, type TrainFlags, train } from "../commands/member.ts";
import { close, leave, payout, rotateKey, withdraw } from "../commands/membership.ts";
import { type ExportFlags, exportCommand } from "../commands/model.ts";
import { PREDICTION_FORMATS, type PredictFlags, predictCommand } from "../commands/predict.ts";
import { claim } from "../commands/rewards.ts";
import { importCommand } from "./import.ts";
import {
  ALL,
  amount,
  integer,
  positive,
  type Runs,
  withReading,
  withSettings,
} from "./settings.ts";

/** Commands for everyone who has a key. */
export function keyCommands(program: Command, runs: Runs): void {
  withSettings(program.command("keygen <file>"), [])
    .description("make a Solana keypair file that only you can read")
    .action(runs((session, file: string) => keygen(session, file)));
  withSettings(program.command("airdrop [address]"), ["rpc", "keypair"])
    .description("ask a development chain for SOL")
    .option("--sol <amount>", "how much", positive, 1)
    .action(
      runs((session, address: string | undefined, flags: { sol: number }) =>
        airdrop(session, address, flags),
      ),
    );
}

/** Settings of commands for machines that may hold the update-signing key only. */
const SIGNING = [...ALL, "updateKey", "owner"] as const;

/** Commands for organisations that take part. */
export function memberCommands(program: Command, runs: Runs): void {
  withSettings(program.command("join"), [...ALL, "updateKey", "data"])
    .description("join a federation on chain, staking what it asks for")
    .option("--admission <file>", "the authority's signed admission, where members need approval")
    .option("--check", "say what joining takes and what is missing, and send nothing")
    .action(runs((session, flags: JoinFlags) => join(session, flags)));
  withSettings(program.command("train"), [...SIGNING, "data", "state"])
    .description("take part in every round until told to stop; join first if needed")
    .option("--rounds <n>", "stop after this many rounds", integer)
    .option("--once", "stop after one round")
    .option("--pause <seconds>", "wait this long after each round, at most a day", integer)
    .option(
      "--seed <n>",
      "fix this member's random draws, for runs that must repeat exactly",
      integer,
    )
    .addOption(
      new Option("--engine <name>", "wasm gives the same bits everywhere")
        .choices(["native", "wasm"])
        .default(undefined, "native; wasm where the federation audits training to the bit"),
    )
    .option("--codec <name>", "codec of the updates; the federation's first by default")
    .action(runs((session, flags: TrainFlags) => train(session, flags)));
  withSettings(program.command("status"), SIGNING)
    .description("show the federation and your updates, with the reason if one was not counted")
    .action(runs((session) => status(session)));
  withSettings(program.command("claim"), SIGNING)
    .description("claim what final rounds have earned")
    .option(
      "--wait <seconds>",
      "longest wait for rounds that are about to become final",
      integer,
      30,
    )
    .action(runs((session, flags: { wait: number }) => claim(session, flags)));
}

/**
 * Commands for members whose keys, payout account or part in the federation change. With
 * --federation they need no service.
 */
export function membershipCommands(program: Command, runs: Runs): void {
  withSettings(program.command("rotate-key"), ALL)
    .description("let another key sign updates from the next round on")
    .argument("<file|address>", "the new key: its keypair file, or its address")
    .action(runs((session, key: string) => rotateKey(session, key)));
  withSettings(program.command("payout"), ALL)
    .description("set the token account that claims are paid to")
    .argument("[account]", "a token account of the reward mint; the owner's own by default")
    .action(runs((session, account: string | undefined) => payout(session, account)));
  withSettings(program.command("leave"), ALL)
    .description("leave the federation after the current round")
    .action(runs((session) => leave(session)));
  withSettings(program.command("withdraw"), ALL)
    .description(
      "withdraw the stake after leaving, when the cooldown is over and the rounds are final",
    )
    .action(runs((session) => withdraw(session)));
  withSettings(program.command("close-member"), ALL)
    .description(
      "close the account of a member that has left and was never paid, and recover its rent",
    )
    .action(runs((session) => close(session)));
}

/** Commands for users of the model. */
export function modelCommands(program: Command, runs: Runs): void {
  withSettings(program.command("export <file>"), ALL)
    .description("write the model to a file, checked against the chain")
    .addOption(
      new Option("--format <name>", "by default as the file's ending says").choices(MODEL_FORMATS),
    )
    .option("--round <n>", "the model after this round; by default the chosen round", amount)
    .option("--last", "the model after the last round, even if an earlier one was better")
    .action(
      runs((session, file: string, flags: ExportFlags) => exportCommand(session, file, flags)),
    );
  withSettings(program.command("predict"), [...ALL, "data"])
    .description("predict how groups answer questions, from answers that they gave (--data)")
    .option(
      "--questions <ids>",
      "ids separated by commas; by default all that the group has not answered",
    )
    .option("--ask <text>", "a question beyond the questionnaire, with --options and --embedder")
    .option("--options <texts>", "options of the question, separated by |")
    .option("--embedder <folder>", "folder of the text embedder all-MiniLM-L6-v2")
    .option("--round <n>", "with the model after this round; by default the chosen one", amount)
    .option("--last", "with the model after the last round")
    .option(
      "--level <part>",
      "part of shares that intervals are made to hold; 0.9 by default",
      positive,
    )
    .addOption(
      new Option("--format <name>", "csv has one line per option")
        .choices(PREDICTION_FORMATS)
        .default("text"),
    )
    .action(runs((session, flags: PredictFlags) => predictCommand(session, flags)));
}

/** Commands for owners of answers. */
export function dataCommands(program: Command, runs: Runs): void {
  const data = program.command("data").description("work with answers files");
  withReading(withSettings(data.command("check <file>"), ALL))
    .description("list the problems of an answers file, and what training will use of it")
    .option("--dataset <name|path>", "check against this data set instead of a federation")
    .action(
      runs((session, file: string, flags: { dataset?: string }) => dataCheck(session, file, flags)),
    );
  importCommand(data, runs);
}
