import { strategies } from "@plenary/algorithms";
import { DATASETS } from "@plenary/sdk";
import { type Command, Option } from "commander";
import { extend, type FederationFlags, federationCreate } from "../commands/federation.ts";
import { DEFAULT_DATASET, DEFAULT_SPLIT } from "../commands/founding-plan.ts";
import {
  ALL,
  amountOption,
  integer,
  notNegative,
  type Runs,
  tokens,
  withSettings,
} from "./settings.ts";

/** Commands that begin a federation, and let it continue. */
export function foundingCommands(federation: Command, runs: Runs): void {
  const create = withSettings(federation.command("create"), [
    "service",
    "rpc",
    "program",
    "keypair",
  ])
    .alias("register")
    .description(
      "create a federation on chain, fund it and register it with the service; everything is checked first; safe to repeat",
    )
    .requiredOption("--aggregator <file>", "keypair file of the service, which posts the bond")
    .option("--check", "say what would be founded and what it costs, and send nothing")
    .addOption(amountOption("--id <n>", "tells federations of one authority apart", 1n));
  dataOptions(create);
  configurationOptions(create);
  roundOptions(create);
  termOptions(create);
  create.action(runs((session, flags: FederationFlags) => federationCreate(session, flags)));
  withSettings(federation.command("extend"), ALL)
    .description(
      "let more rounds follow, also after the last one, and fill the vault so that it pays for them",
    )
    .requiredOption("--rounds <n>", "how many more", integer)
    .action(runs((session, flags: { rounds: number }) => extend(session, flags)));
}

function dataOptions(create: Command): void {
  create
    .option(
      "--dataset <name|path>",
      `a survey with its answers: ${DATASETS.join(", ")}, or a path (default: ${DEFAULT_DATASET})`,
    )
    .option(
      "--split <n>",
      `number of the data set's split: which groups stay unseen, for evaluation and pay (default: ${DEFAULT_SPLIT})`,
      integer,
    )
    .option(
      "--questionnaire <file>",
      "a questionnaire instead of a data set, beside its embeddings (.emb.i8)",
    )
    .option("--held-out <file>", "public answers that every model is evaluated on, as CSV or JSONL")
    .option(
      "--unseen <groups>",
      "groups of the data set, or of the held-out answers, that stay unseen; separated by commas",
      list,
    );
}

function configurationOptions(create: Command): void {
  create
    .option(
      "--configuration <file>",
      "JSON with any sections of a configuration; the other options win over it",
    )
    .option("--name <text>", "shown to members; the questionnaire's title by default")
    .option("--seed <n>", "seed of the first model", integer, 1)
    .option("--predictor <name|json|file>", "tilt or gpo, with its parameters")
    .option("--training <json|file>", "training settings; those left out keep their defaults")
    .addOption(new Option("--strategy <name>", "server step").choices(Object.keys(strategies)))
    .option("--momentum <n>", "momentum of fedavgm, in 1/65536 (default: 58982)", integer)
    .option(
      "--codec <name|json...>",
      "codecs that members may use, the first by default (default: int8 int32)",
    )
    .option("--pipeline <json|file>", "steps between training and codec, in their order")
    .option(
      "--max-norm <n>",
      "largest L2 norm of an update that counts; 0 for no limit",
      notNegative,
    )
    .option(
      "--pay <name|json|file>",
      "measure of contribution: leave-one-out on the held-out answers, or data-size (by default without them)",
    )
    .option(
      "--audits <json|file>",
      "section `audits` of the configuration: how training is audited",
    )
    .option("--private", "let only members read its rounds, updates and blobs at the service");
}

function roundOptions(create: Command): void {
  create
    .option("--quorum <n>", "updates that close a round (default: 3)", integer)
    .option(
      "--minimum <n>",
      "updates without which a round is void at its deadline (default: 2)",
      integer,
    )
    .option("--rounds <n>", "rounds until it is complete; 0 for no end (default: 0)", integer)
    .option(
      "--collect <seconds>",
      "least time that a round collects while a member is missing, so that latecomers get in (default: 0)",
      integer,
    )
    .option("--deadline <seconds>", "how long a round collects updates (default: 300)", integer)
    .option("--grace <seconds>", "time to commit after the deadline (default: 300)", integer)
    .option("--max-updates <n>", "most updates of a round (default: 256)", integer)
    .option("--max-weight <n>", "most cells that one update counts for (default: 4096)", integer);
}

function termOptions(create: Command): void {
  create
    .option("--reward <tokens>", "most that a round pays (default: 1000)", tokens)
    .option(
      "--funded-rounds <n>",
      "rounds that the vault can pay for at first; all by default, 1000 without an end",
      integer,
    )
    .option("--stake <tokens>", "what a member stakes", tokens, "0")
    .option("--bond <tokens>", "what the aggregator posts", tokens, "0")
    .option(
      "--challenge-window <seconds>",
      "between a round's commitment and its finality",
      integer,
      3_600,
    )
    .option(
      "--exit-cooldown <seconds>",
      "between a member's exit and its stake; the challenge window by default",
      integer,
    )
    .addOption(
      new Option(
        "--members <policy>",
        "owners that may join: all, or those that the authority approves",
      )
        .choices(["open", "approved"])
        .default("open"),
    );
}

function list(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}
