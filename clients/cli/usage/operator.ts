import { strategies } from "@plenary/algorithms";
import { DATASETS } from "@plenary/sdk";
import { type Command, Option } from "commander";
import { type FederationFlags, federationCreate } from "../commands/federation.ts";
import { authorityCommands, bondCommands } from "./authority.ts";
import { amountOption, integer, notNegative, type Runs, tokens, withSettings } from "./settings.ts";

/** Commands for the operator of a federation. */
export function operatorCommands(program: Command, runs: Runs): void {
  const federation = program.command("federation").description("for the operator of a federation");
  withSettings(federation.command("create"), ["service", "rpc", "program", "keypair"])
    .alias("register")
    .description(
      "create a federation on chain, fund it and register it with the service; safe to repeat",
    )
    .requiredOption("--aggregator <file>", "keypair file of the service, which posts the bond")
    .option("--dataset <name|path>", `${DATASETS.join(", ")}, or a path`, DATASETS[0])
    .option(
      "--split <n>",
      "number of the split: which groups stay unseen, for evaluation and pay",
      integer,
      7,
    )
    .option("--quorum <n>", "updates that close a round", integer, 3)
    .addOption(amountOption("--id <n>", "tells federations of one authority apart", 1n))
    .option("--name <text>", "shown to members; the data set's title by default")
    .option("--seed <n>", "seed of the first model", integer, 1)
    .option("--rounds <n>", "rounds until it is complete; 0 for no end", integer, 0)
    .option("--deadline <seconds>", "how long a round collects updates", integer, 300)
    .option("--reward <tokens>", "most that a round pays", tokens, "1000")
    .option("--stake <tokens>", "what a member stakes", tokens, "0")
    .option("--bond <tokens>", "what the aggregator posts", tokens, "0")
    .option(
      "--challenge-window <seconds>",
      "between a round's commitment and its finality",
      integer,
      3_600,
    )
    .addOption(
      new Option("--strategy <name>", "server step")
        .choices(Object.keys(strategies))
        .default("fedavg"),
    )
    .option("--momentum <n>", "momentum of fedavgm, in 1/65536", integer, 58_982)
    .option(
      "--max-norm <n>",
      "largest L2 norm of an update that counts; 0 for no limit",
      notNegative,
      0,
    )
    .option(
      "--audits <file>",
      "JSON file with the section `audits` of the configuration: how training is audited",
    )
    .option("--private", "let only members read its rounds, updates and blobs at the service")
    .addOption(
      new Option(
        "--members <policy>",
        "owners that may join: all, or those that the authority approves",
      )
        .choices(["open", "approved"])
        .default("open"),
    )
    .action(runs((session, flags: FederationFlags) => federationCreate(session, flags)));
  authorityCommands(federation, runs);
  bondCommands(program, runs);
}
