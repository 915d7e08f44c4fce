#!/usr/bin/env node
import { PlenaryError } from "@plenary/protocol";
import { TrainingError } from "@plenary/training";
import { CommanderError } from "commander";
import { readEnvironment } from "./config.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { type Output, openOutput, surviveFailedWrites } from "./output/index.ts";
import { buildProgram, type Run } from "./program.ts";
import { messageOf } from "./remedies.ts";

/** They have no end, so they end when nobody reads them; other commands finish their work. */
const ENDLESS: readonly string[] = ["train", "watch"];
/** Signals that arrive this soon after the first are the same one. */
const SAME_SIGNAL_MS = 500;

const interruption = new AbortController();
let interruptedAt = 0;
const unwritten = surviveFailedWrites(process);
let output = openOutput(process, false);
let command: string | null = null;

const run: Run = async (given, work) => {
  const environment = readEnvironment(process.env);
  const settings = {
    service: given.service ?? environment.service,
    rpc: given.rpc ?? environment.rpc,
    program: given.program ?? environment.program,
    federation: given.federation ?? environment.federation,
    keypair: given.keypair ?? environment.keypair,
    updateKey: given.updateKey ?? environment.updateKey,
    owner: given.owner ?? environment.owner,
    state: given.state ?? environment.state,
    data: given.data ?? environment.data,
  };
  output = openOutput(process, given.json === true);
  try {
    const reading = { ignoreColumns: given.ignoreColumn, encoding: given.encoding };
    const code = await work({ settings, output, signal: interruption.signal, reading });
    process.exitCode = typeof code === "number" ? code : EXIT.done;
  } catch (error) {
    report(output, error);
    process.exitCode = exitCodeOf(error);
  } finally {
    output.close();
  }
};

function report(output: Output, error: unknown): void {
  if (error instanceof PlenaryError) output.fail(error.code, messageOf(error), error.context);
  else if (error instanceof TrainingError) output.fail(error.code, error.message, error.context);
  else if (interruption.signal.aborted) output.fail("interrupted", "interrupted", {});
  else if (error instanceof Error) output.fail("internal", String(error), {}, framesOf(error));
  else output.fail("internal", String(error), {});
}

/** Without the message above them, which may quote a stranger's text over several lines. */
function framesOf({ stack = "" }: Error): string[] {
  return stack.split("\n").filter((line) => /^\s+at /.test(line));
}

/**
 * The first signal stops in order, the second without waiting for service or chain. A signal to a
 * whole process group arrives twice where plenary.js passes it on too.
 */
function interrupt(): void {
  const now = performance.now();
  if (!interruption.signal.aborted) interruptedAt = now;
  else if (now - interruptedAt > SAME_SIGNAL_MS) process.exit(EXIT.interrupted);
  interruption.abort();
}

const isEndless = () => command !== null && ENDLESS.includes(command);

/** Help has nothing to finish, and the command that finished its work keeps its own code. */
function endWithUnwritten(): void {
  if (unwritten.closed.aborted && (command === null || isEndless())) process.exitCode = EXIT.unread;
  if (unwritten.lost === null) return;
  output.fail(
    "output-lost",
    `Standard output could not be written (${unwritten.lost}), so text is lost. The command continued without it. Make space, and ask for the result again before you repeat a command that pays.`,
    { reason: unwritten.lost },
  );
  if (process.exitCode === EXIT.done && !isEndless()) process.exitCode = EXIT.unexpected;
}

unwritten.closed.addEventListener("abort", () => {
  if (isEndless()) interruption.abort();
});
process.on("exit", endWithUnwritten);
process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);
const program = buildProgram(run);
program.hook("preAction", (_, action) => {
  command = action.name();
});
program.exitOverride();
for (const command of [
  program,
  ...program.commands,
  ...program.commands.flatMap(({ commands }) => commands),
])
  command.exitOverride();
try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander has printed the usage; what it calls 1 is wrong input.
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.input;
}
