import type { FederationEvent } from "@plenary/protocol";
import { type ServiceClient, watchEvents } from "@plenary/service";

/**
 * Tells when to look again: at every event of the federation, and every few seconds in case one was
 * lost.
 */
export interface Waker {
  /** Number of events so far: read it before looking, and hand it to `after`. */
  readonly seen: number;
  /**
   * Resolves when there are more events than `seen`, or after the poll interval. Rejects when the
   * signal is aborted.
   */
  after(seen: number): Promise<void>;
  stop(): void;
}

export interface WakerOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds between looks without an event; 3,000 by default. */
  readonly pollInterval?: number | undefined;
  readonly onEvent?: ((event: FederationEvent) => void) | undefined;
}

/**
 * Follows the service's event stream, with polling as the fallback: any proxy on the path can cut a
 * stream.
 */
export function watchForChanges(
  client: ServiceClient,
  federation: string,
  options: WakerOptions = {},
): Waker {
  const stopper = new AbortController();
  const signal =
    options.signal === undefined
      ? stopper.signal
      : AbortSignal.any([stopper.signal, options.signal]);
  const sleepers = new Set<() => void>();
  let seen = 0;
  const follow = async () => {
    for await (const event of watchEvents(client, federation, signal)) {
      seen += 1;
      options.onEvent?.(event);
      for (const wake of [...sleepers]) wake();
    }
  };
  // Without the stream the poll interval remains, so that its failure does not fail the watch.
  follow().catch(() => undefined);
  return {
    get seen() {
      return seen;
    },
    after: (known) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        if (seen > known) return resolve();
        const finish = (settle: () => void) => {
          clearTimeout(timer);
          sleepers.delete(wake);
          signal.removeEventListener("abort", stop);
          settle();
        };
        const wake = () => finish(resolve);
        const stop = () => finish(() => reject(signal.reason));
        const timer = setTimeout(wake, options.pollInterval ?? 3_000);
        sleepers.add(wake);
        signal.addEventListener("abort", stop, { once: true });
      }),
    stop: () => stopper.abort(),
  };
}
