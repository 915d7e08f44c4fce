/**
 * `npm start`: sets up database, queue, chain and service, founds or continues a federation, runs
 * its members and shows what happens. Options: `npm start -- --help`.
 */

import { resolve } from "node:path";
import { PlenaryError } from "@plenary/protocol";
import {
  type Home,
  LocalStackError,
  openHome,
  Ports,
  Supervisor,
  startStack,
} from "@plenary/stack";
import { CommanderError } from "commander";
import { type Config, readConfig } from "./config.ts";
import { prepareRun } from "./federation-record.ts";
import { type Options, parseOptions } from "./options.ts";
import { runFederation } from "./run-federation.ts";
import { createTerminal } from "./terminal.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** A Ctrl-C reaches this process twice, from the terminal and from boot.js. */
const SAME_SIGNAL_MS = 1_000;
const EXIT_INTERRUPTED = 130;

// The reader of the output may leave (`npm start | head`); the run continues.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
const terminal = createTerminal(process.stdout);
const log = (text: string) => terminal.line(text);

let failed = false;

/**
 * A signal that aborts when the run is to end: by a signal, the death of boot.js, or an error
 * that nobody caught. A second signal ends the process at once.
 */
function watchForEnd(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const stop = () => {
    const now = Date.now();
    if (first === 0) {
      first = now;
      terminal.status(null);
      log("Stopping...");
      controller.abort();
    } else if (now - first > SAME_SIGNAL_MS) {
      log("Ended at once. The next start ends the processes that still run.");
      process.exit(EXIT_INTERRUPTED);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  process.on("disconnect", stop);
  process.on("uncaughtException", (error) => {
    console.error(error);
    failed = true;
    stop();
  });
  return controller.signal;
}

async function main(): Promise<number> {
  const config = readConfig(process.env, ROOT);
  const options = parseOptions(process.argv.slice(2), config.callerFolder, process);
  const home = await openHome(config.home);
  const end = watchForEnd();
  const supervisor = new Supervisor(home, log);
  end.addEventListener("abort", () => home.markStopping());
  try {
    return await run(config, options, home, supervisor, end);
  } finally {
    home.markStopping();
    await supervisor.stop();
    home.close();
  }
}

async function run(
  config: Config,
  options: Options,
  home: Home,
  supervisor: Supervisor,
  end: AbortSignal,
): Promise<number> {
  await supervisor.endStale();
  // What is still said while everything is stopped would only confuse.
  const logUntilEnd = (text: string) => {
    if (!end.aborted) log(text);
  };
  const settings = { config, root: ROOT, home, supervisor, ports: new Ports(), log: logUntilEnd };
  const interrupted = new Promise<"interrupted">((done) => {
    const onEnd = () => done("interrupted");
    if (end.aborted) onEnd();
    else end.addEventListener("abort", onEnd, { once: true });
  });
  const working = (async () => {
    const prepared = await prepareRun(home, options);
    const stack = await startStack({ ...settings, config: config.stack });
    const complete = await runFederation({ ...settings, prepared, stack, options, terminal, end });
    return { stack, complete };
  })();
  // After an interruption it only fails because its processes were stopped.
  working.catch(() => undefined);
  const outcome = await Promise.race([working, interrupted]);
  if (failed) return 1;
  if (outcome === "interrupted") return options.once ? EXIT_INTERRUPTED : 0;
  if (options.once) return outcome.complete ? 0 : 1;
  const { serviceUrl, rpcUrl } = outcome.stack;
  log(
    `The service stays up: ${serviceUrl}/docs, chain ${rpcUrl}. Ctrl-C stops it; state is in ${home.path}.`,
  );
  await interrupted;
  return failed ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    terminal.status(null);
    // Commander has printed the help, or what is wrong.
    if (error instanceof CommanderError) process.exit(error.exitCode);
    const expected = error instanceof LocalStackError || error instanceof PlenaryError;
    console.error(expected ? `\n${error.message}` : error);
    process.exit(1);
  },
);
