import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";

/** The options of `npm start -- ...`. One that is undefined was not given. */
export interface Options {
  readonly rounds: number | undefined;
  readonly clients: number | undefined;
  readonly dataset: string | undefined;
  /** Ids of the groups that no member holds; otherwise the seed draws them. */
  readonly unseen: readonly string[] | undefined;
  readonly seed: number | undefined;
  readonly engine: "native" | "wasm" | undefined;
  readonly once: boolean;
  readonly fresh: boolean;
  /** Absolute path. */
  readonly report: string | undefined;
}

export const DEFAULTS = {
  rounds: 20,
  clients: 6,
  dataset: "us-opinion",
  seed: 1,
  engine: "native",
} as const;

const MOST_ROUNDS = 1_000_000;
const MOST_CLIENTS = 256;

/** Where help and mistakes are printed. */
export interface OptionsOutput {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** What commander makes of the options: those that were not given are absent. */
type Given = Partial<Options>;

/**
 * Parses the arguments after `npm start --`; relative paths start at `folder`. For --help or a
 * mistake it prints, and throws CommanderError with the exit code.
 */
export function parseOptions(
  args: readonly string[],
  folder: string,
  output: OptionsOutput,
): Options {
  const given = buildCommand(output)
    .parse([...args], { from: "user" })
    .opts<Given>();
  return {
    rounds: given.rounds,
    clients: given.clients,
    dataset: given.dataset === undefined ? undefined : resolveDataset(given.dataset, folder),
    unseen: given.unseen,
    seed: given.seed,
    engine: given.engine,
    once: given.once ?? false,
    fresh: given.fresh ?? false,
    report: given.report === undefined ? undefined : resolve(folder, given.report),
  };
}

function buildCommand(output: OptionsOutput): Command {
  return new Command("npm start --")
    .description(
      "Runs a whole federation on this machine: database, queue, chain, service, and members that train on a survey.\n" +
        "Started again it continues the same federation, whose options then stay as they were.",
    )
    .option(
      "--rounds <n>",
      `rounds to run (default ${DEFAULTS.rounds})`,
      integerFrom(1, MOST_ROUNDS),
    )
    .option(
      "--clients <n>",
      `member organisations (default ${DEFAULTS.clients}, or one for each group if there are fewer)`,
      integerFrom(1, MOST_CLIENTS),
    )
    .option(
      "--dataset <name|path>",
      `survey: its name, or the file of your own that \`plenary dataset create\` made (default ${DEFAULTS.dataset})`,
    )
    .option(
      "--unseen <groups>",
      "groups that no member holds, separated by commas; drawn with the seed by default",
      groupIds,
    )
    .option(
      "--seed <n>",
      `seed of splits and training (default ${DEFAULTS.seed})`,
      integerFrom(0, 2 ** 32 - 1),
    )
    .addOption(
      new Option(
        "--engine <engine>",
        `training engine: native is faster, wasm gives the same bits on any machine (default ${DEFAULTS.engine})`,
      ).choices(["native", "wasm"]),
    )
    .option(
      "--once",
      "end when the run is done; exit code 0 only if every round was committed and every claim paid",
    )
    .option("--report <file>", "write what the run measured to a JSON file when it is done")
    .option("--fresh", "begin another federation instead of continuing the one in PLENARY_HOME")
    .allowExcessArguments(false)
    .showHelpAfterError("(npm start -- --help lists the options)")
    .addHelpText(
      "after",
      "\nExample: npm start -- --dataset ./survey.json --unseen north,south --once --report report.json",
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.stdout.write(text),
      writeErr: (text) => output.stderr.write(text),
    });
}

function groupIds(text: string): string[] {
  const ids = text.split(",").map((id) => id.trim());
  if (ids.includes("")) throw new InvalidArgumentError("It must name groups, separated by commas.");
  return ids;
}

/** A text with a separator or a dot is a path; any other names a built-in survey. */
function resolveDataset(text: string, folder: string): string {
  return /[/\\.]/.test(text) ? resolve(folder, text) : text;
}

function integerFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}
