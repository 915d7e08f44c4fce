import {
  type ErrorCode,
  type FederationConfiguration,
  PlenaryError,
  type PredictionRequest,
} from "@plenary/protocol";
import { Piscina } from "piscina";

export type PredictionFormat = "json" | "csv";

/** Everything that a thread needs. A thread keeps what `key` names. */
export interface PredictionTask {
  readonly key: string;
  readonly configuration: FederationConfiguration;
  readonly questionnaire: Uint8Array;
  readonly embeddings: Uint8Array;
  readonly model: Uint8Array;
  /** Null: there are no intervals. */
  readonly heldOut: Uint8Array | null;
  readonly round: string;
  readonly why: string;
  readonly root: Uint8Array;
  readonly request: PredictionRequest;
  readonly format: PredictionFormat;
}

/** Errors lose their code between threads, so they are sent in parts. */
export type PredictionAnswer =
  | { readonly bytes: Uint8Array }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly context: PlenaryError["context"];
      };
    };

/** Predicts off the event loop, one request at a time. */
export interface PredictionPool {
  /** The answer's bytes. Throws `service-unavailable` while too many requests wait. */
  run(task: PredictionTask): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Requests that may wait; each takes some tenths of a second. */
const MOST_WAITING = 16;
const IDLE_MILLISECONDS = 10 * 60_000;

/** The thread starts when it is first needed. */
export function createPredictionPool(): PredictionPool {
  const pool = new Piscina<PredictionTask, PredictionAnswer>({
    filename: new URL("./prediction-thread.ts", import.meta.url).href,
    name: "predictFor",
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MILLISECONDS,
  });
  return {
    async run(task) {
      if (pool.queueSize >= MOST_WAITING)
        throw new PlenaryError(
          "service-unavailable",
          "Too many requests for predictions wait: try again in some seconds.",
        );
      const answer = await pool.run(task);
      if ("bytes" in answer) return answer.bytes;
      const { code, message, context } = answer.error;
      throw new PlenaryError(code, message, context);
    },
    close: () => pool.destroy(),
  };
}
