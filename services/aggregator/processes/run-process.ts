import { format } from "node:util";
import { setFlagsFromString } from "node:v8";
import { PlenaryError } from "@plenary/protocol";
import { readLogLevel } from "./config.ts";
import { createLog, type ServiceLog } from "./service.ts";

/** A process that has not stopped by then ends with code 1. */
const STOP_MILLISECONDS = 5_000;

/*
 * V8 collects the whole heap each time that the bytes of buffers have grown by a fixed 64 MiB.
 * Updates of megabytes reach that all the time, which took half of the processor time of screening.
 * With this flag those bytes count against the heap's own limit, which grows.
 */
setFlagsFromString("--external-memory-accounted-in-global-limit");

/**
 * Runs a process until SIGINT or SIGTERM. `start` resolves with the function that stops it. A start
 * that fails ends the process with code 1 and a line that says what to do. So does an error that
 * nobody handled, because after it the process's state is unknown.
 */
export function runProcess(
  name: string,
  start: (log: ServiceLog) => Promise<() => Promise<void>>,
): void {
  const log = createLog(name, readLogLevel());
  logConsole(log);
  const fail = (error: unknown): never => {
    const known = error instanceof PlenaryError;
    log.fatal(
      known ? { code: error.code, ...error.context, err: error.cause } : { err: error },
      describe(error),
    );
    process.exit(1);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  let stop: (() => Promise<void>) | undefined;
  let stopping = false;
  const onSignal = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), STOP_MILLISECONDS).unref();
    (stop?.() ?? Promise.resolve()).then(() => process.exit(0), fail);
  };
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  start(log).then((stopper) => {
    stop = stopper;
  }, fail);
}

/** Libraries that write to the console must not put plain lines among those of the log. */
function logConsole(log: ServiceLog): void {
  for (const [method, level] of [
    ["debug", "debug"],
    ["log", "info"],
    ["info", "info"],
    ["warn", "warn"],
    ["error", "error"],
  ] as const)
    console[method] = (...values: unknown[]) =>
      log[level]({ source: "console" }, format(...values));
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
