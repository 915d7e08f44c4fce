import { availableParallelism } from "node:os";
import {
  REGISTRIES,
  type Registries,
  type Screened,
  type ScreeningInput,
  screenUpdate,
} from "@plenary/algorithms";
import { PlenaryError } from "@plenary/protocol";
import { Piscina } from "piscina";
import type { ScreeningAnswer } from "./screening-thread.ts";

/** Models from this size on are worth the messages to a thread: hashing takes some milliseconds. */
const LARGE_MODEL = 200_000;
const MOST_THREADS = 4;
const IDLE_MILLISECONDS = 60_000;

/**
 * Screens updates: those of small models at once, those of large models in threads, several at a
 * time and off the event loop.
 */
export interface Screener {
  /**
   * As screenUpdate of @plenary/algorithms. The payload may be given away: the caller does not use
   * it afterwards.
   */
  screen(input: ScreeningInput): Promise<Screened>;
  close(): Promise<void>;
}

/**
 * Starts threads when they are first needed. A thread that dies is replaced. A thread knows the
 * plug-ins that Plenary comes with: with others, everything is screened here.
 */
export function createScreener(registries: Registries = REGISTRIES): Screener {
  const pool = new Piscina<ScreeningInput, ScreeningAnswer>({
    filename: new URL("./screening-thread.ts", import.meta.url).href,
    name: "screen",
    minThreads: 0,
    maxThreads: Math.min(MOST_THREADS, availableParallelism()),
    idleTimeout: IDLE_MILLISECONDS,
  });
  return {
    async screen(input) {
      const isSmall = input.configuration.parameterCount < LARGE_MODEL;
      if (isSmall || registries !== REGISTRIES) return screenUpdate(input, registries);
      const payload = ownBytes(input.payload);
      const answer = await pool.run({ ...input, payload }, { transferList: [payload.buffer] });
      if ("screened" in answer) return answer.screened;
      const { code, message, context } = answer.error;
      throw new PlenaryError(code, message, context);
    },
    close: () => pool.destroy(),
  };
}

/** Bytes in a buffer of their own, which can be given to a thread without copying. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength)
    return new Uint8Array(bytes.buffer);
  return new Uint8Array(bytes);
}
