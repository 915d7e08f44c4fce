import { MODEL_FORMATS, type ModelFormat } from "@plenary/sdk";
import { type Command, Option } from "commander";
import { dataCheck } from "../commands/data.ts";
import { airdrop, keygen } from "../commands/keys.ts";
import { join, status, type TrainFlags, train } from "../commands/member.ts";
import { exportCommand, type PredictFlags, predictCommand } from "../commands/model.ts";
import { claim } from "../commands/rewards.ts";
import { ALL, amount, integer, positive, type Runs, withSettings } from "./settings.ts";

/** For everybody who has a key. */
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

/** For organisations that take part. */
export function memberCommands(program: Command, runs: Runs): void {
  withSettings(program.command("join"), [...ALL, "data"])
    .description("join a federation on chain, staking what it asks for")
    .action(runs((session) => join(session)));
  withSettings(program.command("train"), [...ALL, "data", "state"])
    .description("take part in every round until told to stop; joins first if need be")
    .option("--rounds <n>", "stop after so many rounds", integer)
    .option("--once", "stop after one round")
    .option("--seed <n>", "fix this member's draws, for runs that must repeat exactly", integer)
    .addOption(
      new Option("--engine <name>", "wasm gives the same bits everywhere")
        .choices(["native", "wasm"])
        .default(undefined, "native; wasm where the federation audits training to the bit"),
    )
    .option("--codec <name>", "how updates travel; the federation's first by default")
    .action(runs((session, flags: TrainFlags) => train(session, flags)));
  withSettings(program.command("status"), ALL)
    .description("how the federation and your updates stand, with the reason where one was not counted")
    .action(runs((session) => status(session)));
  withSettings(program.command("claim"), ALL)
    .description("claim what final rounds have earned")
    .option("--wait <seconds>", "wait so long at most for rounds that are about to be final", integer, 30)
    .action(runs((session, flags: { wait: number }) => claim(session, flags)));
}

/** For who uses the model. */
export function modelCommands(program: Command, runs: Runs): void {
  withSettings(program.command("export <file>"), ALL)
    .description("write the model to a file, checked against the chain")
    .addOption(new Option("--format <name>", "by the file's ending, if not said").choices(MODEL_FORMATS))
    .option("--round <n>", "the model after this round; the last one by default", amount)
    .action(
      runs((session, file: string, flags: { format?: ModelFormat; round?: bigint }) =>
        exportCommand(session, file, flags),
      ),
    );
  withSettings(program.command("predict"), [...ALL, "data"])
    .description("predict how groups answer questions from the answers that they gave (--data)")
    .option("--questions <ids>", "separated by commas; all that the group has not answered by default")
    .option("--ask <text>", "a question beyond the questionnaire, with --options and --embedder")
    .option("--options <texts>", "of the question that is asked, separated by |")
    .option("--embedder <folder>", "text embedder all-MiniLM-L6-v2")
    .option("--round <n>", "with the model after this round; the last one by default", amount)
    .action(runs((session, flags: PredictFlags) => predictCommand(session, flags)));
}

/** For who has answers. */
export function dataCommands(program: Command, runs: Runs): void {
  const data = program.command("data").description("for answers files");
  withSettings(data.command("check <file>"), ALL)
    .description("say what is wrong in an answers file, by line and column")
    .option("--dataset <name|path>", "check against this data set instead of a federation")
    .action(runs((session, file: string, flags: { dataset?: string }) => dataCheck(session, file, flags)));
}
