import { Worker } from "node:worker_threads";
import {
  type AnswerSet,
  type Checkpoint,
  isErrorCode,
  PlenaryError,
  type Seed,
} from "@plenary/protocol";
import { isTrainingErrorCode, TrainingError } from "./errors.ts";
import type { OptimizerState } from "./optimizers/optimizer.ts";
import type { Predictor } from "./predictors/predictor.ts";
import type { EngineName } from "./sessions/engine.ts";
import type { TrainingSettings } from "./settings.ts";
import { END_LIMIT_MS, endBeforeExit } from "./thread-end.ts";
import type { TrainingProgress, TrainRoundInput, TrainRoundResult } from "./train-round.ts";

/** What a call needs besides the predictor and the engine, which the thread has. */
type TrainInput = Omit<TrainRoundInput, "predictor" | "engine">;

/**
 * Trains in a separate thread, so that the caller's event loop stays free. The bits are the same as
 * inline. Written by hand, although the service's screening uses piscina: this is one thread and
 * not a pool, it keeps an open engine for one predictor, and each call streams its progress and its
 * checkpoints back, which piscina leaves to channels of the caller.
 */
export interface TrainingWorker {
  /** As `trainRound`; calls run one after another. */
  train(input: TrainInput): Promise<TrainRoundResult>;
  /** Fails the calls in hand with `worker-failed`, and resolves when the thread has ended. */
  close(): Promise<void>;
}

/** What the thread is told at its start; everything in it can be cloned. */
export interface WorkerSetup {
  readonly configuration: Predictor["configuration"];
  readonly questionnaire: Predictor["questionnaire"];
  readonly embeddings: {
    readonly count: number;
    readonly dimension: number;
    readonly values: Float32Array;
  };
  readonly engine: EngineName;
  /** The thread sets it to 1, and notifies, when it has released its sessions. */
  readonly ended: Int32Array<SharedArrayBuffer>;
}

/** A request to the training thread; its reply carries the same `id`. */
export interface WorkerRequest {
  readonly id: number;
  readonly training: TrainingSettings;
  readonly base: Int32Array;
  readonly answers: AnswerSet;
  readonly round: number;
  readonly seed: Seed;
  readonly optimizerState: OptimizerState | undefined;
  /** Steps between checkpoints; undefined: none are taken. */
  readonly checkpointEvery: number | undefined;
  /** One int32, 0 until the caller aborts: a message would wait behind the running step. */
  readonly stop: SharedArrayBuffer;
}

/** Ends the thread once the request in hand has stopped. */
export const CLOSE = "close";

/** What the training thread answers, in any number of progress messages and one end. */
export type WorkerReply =
  | { readonly id: number; readonly kind: "progress"; readonly progress: TrainingProgress }
  | { readonly id: number; readonly kind: "checkpoint"; readonly checkpoint: Checkpoint }
  | { readonly id: number; readonly kind: "done"; readonly result: TrainRoundResult }
  | { readonly id: number; readonly kind: "failed"; readonly error: WorkerFailure };

/**
 * An error as it crosses the thread's border. The other side makes a TrainingError or PlenaryError
 * of it again.
 */
export interface WorkerFailure {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly context: Readonly<Record<string, string | number | boolean>>;
}

interface Pending {
  stop(): void;
  resolve(result: TrainRoundResult): void;
  reject(error: unknown): void;
  onProgress: TrainRoundInput["onProgress"];
  checkpoints: TrainRoundInput["checkpoints"];
}

/**
 * Starts the thread for one predictor and engine. It ends with `close`, and does not keep the
 * process alive. A process that exits before `close` first waits for the step in hand.
 */
export function openTrainingWorker(predictor: Predictor, engine: EngineName): TrainingWorker {
  const setup = setupOf(predictor, engine);
  const worker = new Worker(new URL("./training-thread.ts", import.meta.url), {
    workerData: setup,
  });
  const pending = new Map<number, Pending>();
  let nextId = 0;
  worker.unref();
  const end = () => {
    for (const call of pending.values()) call.stop();
    worker.postMessage(CLOSE);
  };
  worker.on("exit", endBeforeExit({ end, ended: setup.ended }));
  worker.on("message", (reply: WorkerReply) => settle(worker, pending, reply));
  const failAll = (cause: unknown) => rejectAll(pending, cause);
  worker.on("error", failAll);
  worker.on("exit", failAll);
  return {
    train: (input) =>
      new Promise((resolve, reject) => {
        const stop = new SharedArrayBuffer(4);
        const id = nextId;
        nextId += 1;
        pending.set(id, stoppable(input, stop, resolve, reject));
        worker.ref();
        worker.postMessage(requestOf(id, input, stop));
      }),
    close: async () => {
      if (worker.threadId === -1) return;
      end();
      failAll(undefined);
      await endOf(worker);
    },
  };
}

function setupOf(
  { configuration, questionnaire, embeddings }: Predictor,
  engine: EngineName,
): WorkerSetup {
  const { count, dimension } = embeddings;
  return {
    configuration,
    questionnaire,
    embeddings: { count, dimension, values: embeddings.matrix() },
    engine,
    ended: new Int32Array(new SharedArrayBuffer(4)),
  };
}

/** A call that sets the flag in `stop` when its signal is aborted. */
function stoppable(
  { signal, onProgress, checkpoints }: TrainInput,
  stop: SharedArrayBuffer,
  resolve: Pending["resolve"],
  reject: Pending["reject"],
): Pending {
  const abort = () => Atomics.store(new Int32Array(stop), 0, 1);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const done = () => signal?.removeEventListener("abort", abort);
  return {
    stop: abort,
    resolve: (result) => {
      done();
      resolve(result);
    },
    reject: (error) => {
      done();
      reject(error);
    },
    onProgress,
    checkpoints,
  };
}

function rejectAll(pending: Map<number, Pending>, cause: unknown): void {
  const failure = new TrainingError(
    "worker-failed",
    "the training thread ended; train again",
    {},
    cause,
  );
  for (const call of pending.values()) call.reject(failure);
  pending.clear();
}

/**
 * Resolves when the thread has ended, or is so late that its native code hangs. It is not
 * terminated then: in the middle of a native call that aborts the whole process.
 */
async function endOf(worker: Worker): Promise<void> {
  worker.ref();
  await new Promise<void>((resolve) => {
    const overdue = setTimeout(resolve, END_LIMIT_MS);
    worker.once("exit", () => {
      clearTimeout(overdue);
      resolve();
    });
  });
  worker.unref();
}

function requestOf(id: number, input: TrainInput, stop: SharedArrayBuffer): WorkerRequest {
  const { training, base, answers, round, seed, optimizerState, checkpoints } = input;
  return {
    id,
    training,
    base,
    answers,
    round,
    seed,
    optimizerState,
    checkpointEvery: checkpoints?.every,
    stop,
  };
}

function settle(worker: Worker, pending: Map<number, Pending>, reply: WorkerReply): void {
  const call = pending.get(reply.id);
  if (call === undefined) return;
  if (reply.kind === "progress") {
    call.onProgress?.(reply.progress);
    return;
  }
  if (reply.kind === "checkpoint") {
    call.checkpoints?.keep(reply.checkpoint);
    return;
  }
  pending.delete(reply.id);
  if (pending.size === 0) worker.unref();
  if (reply.kind === "done") call.resolve(reply.result);
  else call.reject(errorOf(reply.error));
}

function errorOf({ name, code, message, context }: WorkerFailure): Error {
  if (name === "PlenaryError" && isErrorCode(code)) return new PlenaryError(code, message, context);
  return new TrainingError(isTrainingErrorCode(code) ? code : "worker-failed", message, context);
}
