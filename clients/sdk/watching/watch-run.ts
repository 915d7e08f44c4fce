import { PlenaryError } from "@plenary/protocol";
import { isOutage, pause } from "@plenary/service";
import type { Keypair } from "@solana/web3.js";
import type { Verifier } from "../verification/index.ts";
import type { KeptBlobs } from "./kept-blobs.ts";
import type { WatchCounters } from "./watch-counters.ts";
import type { WatchEvent } from "./watch-events.ts";
import type { WatchRecord, WatchState } from "./watch-state.ts";

/** Where a watch keeps its state, where it begins, and whether it disputes what is wrong. */
export interface WatchOptions {
  /**
   * Folder in which the watch remembers what it has seen; after a restart it continues there. Its
   * subfolder `blobs` keeps the public bytes of every round that can still be disputed, so that a
   * dispute can be seen through even if the service withdraws them.
   */
  readonly state: string;
  /**
   * First round to look at if the folder is new; by default the oldest one whose challenge window
   * is still open.
   */
  readonly from?: bigint | undefined;
  /**
   * Disputes what is found wrong and provable, including what an earlier run of this watch found.
   * This key pays deposits and fees, and receives the rewards. Without it, the watch only looks.
   */
  readonly challenger?: Keypair | undefined;
  /** Milliseconds between reads of the chain; 2,000 by default. */
  readonly pollInterval?: number | undefined;
  readonly onEvent?: ((event: WatchEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const POLL_MILLISECONDS = 2_000;

/** What the parts of a running watch share. */
export interface Watch {
  /** With bytes that are kept. */
  readonly verifier: Verifier & { readonly blobs: KeptBlobs };
  readonly options: WatchOptions;
  readonly state: WatchState;
  readonly counters: WatchCounters;
  /** Those that are still running, by round. */
  readonly disputes: Map<string, Promise<void>>;
  emit(event: WatchEvent): void;
}

export function isEnded({ signal }: WatchOptions): boolean {
  return signal?.aborted === true;
}

/**
 * Repeats a step while chain or source do not answer. Undefined if the watch ends in the meantime.
 */
export async function persistently<T>(
  watch: Watch,
  step: () => Promise<T>,
): Promise<T | undefined> {
  const { options, counters, emit } = watch;
  for (let failures = 1; !isEnded(options); failures += 1) {
    try {
      return await step();
    } catch (error) {
      if (isEnded(options)) return undefined;
      if (!isOutage(error, failures)) throw error;
      counters.retries += 1;
      emit({ type: "retrying", message: error.message });
      await rest(watch);
    }
  }
  return undefined;
}

export function rest({ options }: Watch): Promise<void> {
  return pause(options.pollInterval ?? POLL_MILLISECONDS, options.signal).catch(() => undefined);
}

/**
 * Changes the record. A full disk does not end the watch: after a crash it looks again at what it
 * has forgotten.
 */
export async function remember(
  { state, emit }: Watch,
  part: (record: WatchRecord) => Partial<WatchRecord>,
): Promise<void> {
  try {
    await state.change(part);
  } catch (error) {
    if (!(error instanceof PlenaryError) || error.context.reason !== "ENOSPC") throw error;
    emit({ type: "not-kept", message: error.message });
  }
}
