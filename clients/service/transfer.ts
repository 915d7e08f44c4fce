/** Bytes moved so far; `total` is null where the other side did not say. */
export interface TransferProgress {
  readonly bytes: number;
  readonly total: number | null;
}

/** Ends an attempt on which nothing moves. */
export interface Watchdog {
  /** Aborted when the attempt has stood still for too long, or when the caller gives up. */
  readonly signal: AbortSignal;
  readonly timedOut: boolean;
  /** Something has moved. */
  restart(): void;
  stop(): void;
}

/**
 * By hand, although `AbortSignal.timeout` and p-timeout exist: they bound the whole, and a large
 * transfer may take as long as it moves.
 */
export function startWatchdog(milliseconds: number, caller: AbortSignal | undefined): Watchdog {
  const standstill = new AbortController();
  const arm = () => setTimeout(() => standstill.abort(new Error("timeout")), milliseconds);
  let timer = arm();
  return {
    signal: caller === undefined ? standstill.signal : AbortSignal.any([standstill.signal, caller]),
    get timedOut() {
      return standstill.signal.aborted;
    },
    restart() {
      clearTimeout(timer);
      timer = arm();
    },
    stop: () => clearTimeout(timer),
  };
}
