import { DATASETS, MODEL_FORMATS, type ModelFormat } from "@plenary/sdk";
import { Command, InvalidArgumentError, Option } from "commander";
import { type AuditRunFlags, auditDrawn, auditExport, auditRefused, auditRun } from "./commands/audit.ts";
import { dataCheck } from "./commands/data.ts";
import {
  type CheckOmissionFlags,
  checkOmission,
  equivocationReport,
  type ProveOmissionFlags,
  proveOmission,
} from "./commands/evidence.ts";
import { type FederationFlags, federationCreate } from "./commands/federation.ts";
import { airdrop, keygen } from "./commands/keys.ts";
import { join, status, type TrainFlags, train } from "./commands/member.ts";
import { exportCommand, type PredictFlags, predictCommand } from "./commands/model.ts";
import { claim, verifyClaim } from "./commands/rewards.ts";
import { type VerifyFlags, verify } from "./commands/verification.ts";
import { type WatchFlags, watch } from "./commands/watch.ts";
import { type Settings, VARIABLES } from "./config.ts";
import type { Session } from "./session.ts";

/** Runs a command with its settings; the number is the process's exit code. */
export type Run = (
  settings: Partial<Settings> & { readonly json?: boolean },
  work: (session: Session) => Promise<unknown>,
) => Promise<void>;

/** The `plenary` command: what it takes, not what it does. */
export function buildProgram(run: Run): Command {
  const program = new Command("plenary")
    .description("Take part in federated preference learning that settles on Solana.")
    .version("0.1.0")
    .showHelpAfterError("(plenary --help lists commands and options)")
    .addHelpText("after", EXIT_CODES);
  const runs =
    <Rest extends unknown[]>(work: (session: Session, ...rest: Rest) => Promise<unknown>) =>
    (...parameters: unknown[]): Promise<void> => {
      const command = parameters.at(-1);
      if (!(command instanceof Command))
        throw new Error("unreachable: commander hands over the command last");
      // Commander hands over what each command below declares; its types do not say so.
      const rest = [...parameters.slice(0, -2), command.opts()] as unknown as Rest;
      return run(command.optsWithGlobals(), (session) => work(session, ...rest));
    };
  keyCommands(program, runs);
  operatorCommands(program, runs);
  memberCommands(program, runs);
  modelCommands(program, runs);
  checkCommands(program, runs);
  auditCommands(program, runs);
  evidenceCommands(program, runs);
  return program;
}

type Runs = <Rest extends unknown[]>(
  work: (session: Session, ...rest: Rest) => Promise<unknown>,
) => (...parameters: unknown[]) => Promise<void>;

function keyCommands(program: Command, runs: Runs): void {
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

function operatorCommands(program: Command, runs: Runs): void {
  const federation = program.command("federation").description("for who runs a federation");
  withSettings(federation.command("create"), ["service", "rpc", "program", "keypair"])
    .alias("register")
    .description(
      "create a federation on chain, fund it and register it with the service; repeat it after a failure",
    )
    .requiredOption("--aggregator <file>", "keypair file of the service, which posts the bond")
    .option("--dataset <name|path>", `${DATASETS.join(", ")}, or a path`, DATASETS[0])
    .option("--split <n>", "which groups stay unseen, for evaluation and pay", integer, 7)
    .option("--quorum <n>", "updates that close a round", integer, 3)
    .option("--id <n>", "tells federations of one authority apart", amount, 1n)
    .option("--name <text>", "shown to members; the data set's title by default")
    .option("--seed <n>", "draws the first model", integer, 1)
    .option("--rounds <n>", "rounds until it is complete; 0 for no end", integer, 0)
    .option("--deadline <seconds>", "how long a round collects updates", integer, 300)
    .option("--reward <units>", "most that a round pays, in base units", amount, 1_000_000_000n)
    .option("--stake <units>", "what a member stakes", amount, 0n)
    .option("--bond <units>", "what the aggregator posts", amount, 0n)
    .option("--challenge-window <seconds>", "between a round's commitment and its finality", integer, 3_600)
    .addOption(
      new Option("--strategy <name>", "server step").choices(["fedavg", "fedavgm"]).default("fedavg"),
    )
    .option("--momentum <n>", "of fedavgm, in 1/65536", integer, 58_982)
    .option("--audits <file>", "how training is audited, as JSON: the section `audits` of the configuration")
    .option("--private", "let members only read its rounds, updates and blobs at the service")
    .action(runs((session, flags: FederationFlags) => federationCreate(session, flags)));
}

const ALL = ["service", "rpc", "program", "federation", "keypair"] as const;

function memberCommands(program: Command, runs: Runs): void {
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

function modelCommands(program: Command, runs: Runs): void {
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

function checkCommands(program: Command, runs: Runs): void {
  withSettings(program.command("verify-claim [owner]"), ALL)
    .description("check a member's proof of pay against the chain")
    .action(runs((session, owner: string | undefined) => verifyClaim(session, owner)));
  withSettings(program.command("verify"), ALL)
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
    .description("verify every round as it is committed, until told to stop; started again it goes on")
    .option(...BLOBS)
    .option("--dispute", "prove on chain what is wrong, with the keypair's account paying deposits and fees")
    .option("--from <n>", "first round; by default the oldest that can still be disputed", amount)
    .option("--metrics-port <n>", "serve Prometheus metrics at this port of 127.0.0.1; 0 is any", integer)
    .action(runs((session, flags: WatchFlags) => watch(session, flags)));
  const data = program.command("data").description("for answers files");
  withSettings(data.command("check <file>"), ALL)
    .description("say what is wrong in an answers file, by line and column")
    .option("--dataset <name|path>", "check against this data set instead of a federation")
    .action(runs((session, file: string, flags: { dataset?: string }) => dataCheck(session, file, flags)));
}

function evidenceCommands(program: Command, runs: Runs): void {
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
    .action(runs((session, file: string, flags: CheckOmissionFlags) => checkOmission(session, file, flags)));
  withSettings(program.command("report-equivocation <file>"), ["rpc", "program", "keypair"])
    .description("take the stake of a member that signed two updates with one sequence, half of it for you")
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
function auditCommands(program: Command, runs: Runs): void {
  const audit = program.command("audit").description("audits of training, for members and auditors");
  withSettings(audit.command("drawn"), ALL)
    .description("who is audited in a round, and by whom")
    .argument("<round>", "number of a closed round", amount)
    .action(runs((session, round: bigint) => auditDrawn(session, round)));
  withSettings(audit.command("export <file>"), [...ALL, "data", "state"])
    .description("write what a drawn member shows its auditor: its answers and the drawn checkpoints")
    .requiredOption("--round <n>", "number of the round", amount)
    .action(runs((session, file: string, flags: { round: bigint }) => auditExport(session, file, flags)));
  withSettings(audit.command("run <bundle>"), ALL)
    .description("redo the drawn segments of a member's training, sign what comes out and hand it in")
    .addOption(new Option("--engine <name>", "for audits with a tolerance").choices(["native", "wasm"]))
    .option("--dry-run", "hand nothing in")
    .action(runs((session, file: string, flags: AuditRunFlags) => auditRun(session, file, flags)));
  withSettings(audit.command("refused <member>"), ALL)
    .description("report that a drawn member did not show its training")
    .requiredOption("--round <n>", "number of the round", amount)
    .action(
      runs((session, member: string, flags: { round: bigint }) => auditRefused(session, member, flags)),
    );
}

const OPTIONS: Readonly<Record<keyof Settings, readonly [string, string]>> = {
  service: ["--service <url>", "aggregation service"],
  rpc: ["--rpc <url>", "Solana RPC node"],
  program: ["--program <address>", "a deployment of one's own"],
  federation: ["--federation <address>", "needed where the service has several"],
  keypair: ["--keypair <file>", "Solana keypair file"],
  state: ["--state <folder>", "where a member remembers what it has signed, or a watch what it has seen"],
  data: ["--data <file>", "answers as CSV or JSONL"],
};

function withSettings(command: Command, names: readonly (keyof Settings)[]): Command {
  for (const name of names) {
    const [flags, text] = OPTIONS[name];
    command.option(flags, `${text} [${VARIABLES[name]}]`);
  }
  return command.option("--json", "one JSON object per line instead of text");
}

function integer(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

function amount(text: string): bigint {
  if (!/^[0-9]{1,20}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return BigInt(text);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

const EXIT_CODES = `
Exit codes: 0 done, 1 unexpected error, 2 wrong options, keys or data, 3 service or chain out of reach,
4 refused by service or program, 5 verification failed, 130 interrupted.`;
