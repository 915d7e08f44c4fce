import { parentPort, workerData } from "node:worker_threads";
import { PlenaryError } from "@plenary/protocol";
import { TrainingError } from "./errors.ts";
import { createPredictor } from "./predictors/index.ts";
import type { Predictor } from "./predictors/predictor.ts";
import type { Engine } from "./sessions/engine.ts";
import { openEngine } from "./sessions/index.ts";
import { trainRound } from "./train-round.ts";
import {
  CLOSE,
  type WorkerFailure,
  type WorkerReply,
  type WorkerRequest,
  type WorkerSetup,
} from "./training-worker.ts";

/** The thread's main program: one request at a time, in the order of arrival. */
function main(): void {
  const port = parentPort;
  if (port === null)
    throw new TrainingError("worker-failed", "this file runs as a worker thread only");
  const { configuration, questionnaire, embeddings, engine, ended }: WorkerSetup = workerData;
  process.once("exit", () => {
    Atomics.store(ended, 0, 1);
    Atomics.notify(ended, 0);
  });
  const { values, ...table } = embeddings;
  const predictor = createPredictor(configuration, questionnaire, {
    ...table,
    matrix: () => values,
  });
  let opened: Promise<Engine> | undefined;
  let last: Promise<void> = Promise.resolve();
  const reply = (message: WorkerReply) => port.postMessage(message);
  port.on("message", (request: WorkerRequest | typeof CLOSE) => {
    last = last.then(async () => {
      if (request === CLOSE) return close(await opened?.catch(() => undefined));
      try {
        opened ??= openEngine(engine);
        await answer(request, predictor, await opened, reply);
      } catch (error) {
        reply({ id: request.id, kind: "failed", error: failureOf(error) });
      }
    });
  });
}

/** Sessions that are left to the thread's end are freed while others may stop the process. */
async function close(engine: Engine | undefined): Promise<void> {
  try {
    await engine?.close();
  } finally {
    parentPort?.close();
  }
}

async function answer(
  request: WorkerRequest,
  predictor: Predictor,
  engine: Engine,
  reply: (message: WorkerReply) => void,
): Promise<void> {
  const stop = new Int32Array(request.stop);
  const controller = new AbortController();
  const check = () => {
    if (Atomics.load(stop, 0) !== 0) controller.abort();
  };
  check();
  const { checkpointEvery: every } = request;
  const result = await trainRound({
    ...request,
    checkpoints:
      every === undefined
        ? undefined
        : {
            every,
            keep: (checkpoint) => reply({ id: request.id, kind: "checkpoint", checkpoint }),
          },
    predictor,
    engine,
    signal: controller.signal,
    onProgress: (progress) => {
      check();
      reply({ id: request.id, kind: "progress", progress });
    },
  });
  reply({ id: request.id, kind: "done", result });
}

function failureOf(error: unknown): WorkerFailure {
  if (error instanceof TrainingError || error instanceof PlenaryError) {
    const { name, code, message, context } = error;
    return { name, code, message, context };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { name: "TrainingError", code: "worker-failed", message, context: {} };
}

main();
