import { setFlagsFromString } from "node:v8";
import { PlenaryError } from "@plenary/protocol";
import { readLogLevel } from "./config.ts";
import { createLog, type ServiceLog } from "./service.ts";

const STOP_MILLISECONDS = 5_000;

/*
 * V8 collects the whole heap each time that the bytes of buffers have grown by a fixed 64 MiB, which megabytes an update reach all the
 * time: half of the processor time of screening. With this they count against the heap's own growing limit.
 */
setFlagsFromString("--external-memory-accounted-in-global-limit");

/**
 * Runs a process until SIGINT or SIGTERM: `start` resolves with how to stop it. A start that fails ends with exit code 1 and a line that
 * says what to do; so does an error that nobody handled, since then nothing is known of the process's state.
 */
export function runProcess(
  name: string,
  start: (log: ServiceLog) => Promise<() => Promise<void>>,
): void {
  const log = createLog(name, readLogLevel());
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

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
