import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type Screened, type ScreeningInput, screenUpdate } from "@plenary/algorithms";
import { type ErrorCode, PlenaryError } from "@plenary/protocol";

/** Models from which a thread's screening is worth its messages: some milliseconds of hashing. */
const LARGE_MODEL = 200_000;
const MOST_THREADS = 4;

export type ScreeningAnswer = { readonly id: number } & (
  | { readonly screened: Screened }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly context: PlenaryError["context"];
      };
    }
);

/** Screens updates: small ones at once, those of large models in threads, several at a time and off the event loop. */
export interface Screener {
  /** As screenUpdate of @plenary/algorithms. The payload may be given away: the caller does not use it afterwards. */
  screen(input: ScreeningInput): Promise<Screened>;
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (screened: Screened) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

/** Starts threads when they are first needed; one that fails is replaced. */
export function createScreener(): Screener {
  const size = Math.min(MOST_THREADS, availableParallelism());
  const threads: Thread[] = [];
  let next = 0;
  const idlest = (): Thread => {
    const least = threads.toSorted((a, b) => a.pending.size - b.pending.size)[0];
    if (least !== undefined && (least.pending.size === 0 || threads.length === size)) return least;
    const thread = startThread((failed) => threads.splice(threads.indexOf(failed), 1));
    threads.push(thread);
    return thread;
  };
  return {
    screen(input) {
      if (input.configuration.parameterCount < LARGE_MODEL)
        return new Promise((resolve) => resolve(screenUpdate(input)));
      const { worker, pending } = idlest();
      const id = next++;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        const payload = ownBytes(input.payload);
        worker.postMessage({ id, input: { ...input, payload } }, [payload.buffer]);
      });
    },
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

function startThread(onFailure: (thread: Thread) => void): Thread {
  const worker = new Worker(new URL("./screening-thread.ts", import.meta.url));
  const pending = new Map<number, Pending>();
  const thread = { worker, pending };
  worker.on("message", (answer: ScreeningAnswer) => {
    const waiting = pending.get(answer.id);
    pending.delete(answer.id);
    if ("screened" in answer) waiting?.resolve(answer.screened);
    else
      waiting?.reject(
        new PlenaryError(answer.error.code, answer.error.message, answer.error.context),
      );
  });
  const fail = (error: unknown) => {
    onFailure(thread);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  worker.on("error", fail);
  worker.on("exit", () =>
    fail(new PlenaryError("internal", "A screening thread ended; the update is screened again.")),
  );
  // A process that wants to end need not wait for an idle thread.
  worker.unref();
  return thread;
}

/** Bytes in a buffer of their own, which can be given to a thread without copying. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength)
    return new Uint8Array(bytes.buffer);
  return new Uint8Array(bytes);
}
