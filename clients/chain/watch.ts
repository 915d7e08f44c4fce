import { equalBytes } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeFederation, type Federation } from "./federation.ts";
import { decodeRound, type Round } from "./round.ts";

/** Options of the watchers. */
export interface WatchOptions {
  /** Milliseconds between polls, which catch what the subscription lost; 2000 by default. */
  readonly pollInterval?: number;
  /** Called with the error of each failed poll. The watcher continues. */
  readonly onError?: (error: unknown) => void;
}

/** Stops a watcher; safe to call twice. */
export type StopWatching = () => Promise<void>;

/** Calls `onChange` with a federation now and at each change, once per state. */
export function watchFederation(
  connection: Connection,
  address: PublicKey,
  onChange: (federation: Federation) => void,
  options: WatchOptions = {},
): StopWatching {
  return watchAccount(
    connection,
    address,
    (data) => onChange(decodeFederation(address, data)),
    options,
  );
}

/** Calls `onChange` with a round as soon as it exists and at each change, once per state. */
export function watchRound(
  connection: Connection,
  address: PublicKey,
  onChange: (round: Round) => void,
  options: WatchOptions = {},
): StopWatching {
  return watchAccount(connection, address, (data) => onChange(decodeRound(address, data)), options);
}

/**
 * Subscribes to an account and polls it as well: WebSockets drop silently, and some nodes have
 * none. Slots keep a late answer from undoing a newer one.
 */
function watchAccount(
  connection: Connection,
  address: PublicKey,
  onData: (data: Uint8Array) => void,
  options: WatchOptions,
): StopWatching {
  let stopped = false;
  let seenSlot = -1;
  let seen: Uint8Array | undefined;

  function take(data: Uint8Array, slot: number): void {
    if (stopped || slot < seenSlot || data.length === 0) return;
    seenSlot = slot;
    if (seen !== undefined && equalBytes(seen, data)) return;
    seen = data;
    onData(data);
  }
  async function poll(): Promise<void> {
    try {
      const { value, context } = await connection.getAccountInfoAndContext(address, "confirmed");
      if (value !== null) take(value.data, context.slot);
    } catch (error) {
      if (!stopped) options.onError?.(error);
    }
  }

  const subscription = connection.onAccountChange(
    address,
    (account, context) => take(account.data, context.slot),
    {
      commitment: "confirmed",
    },
  );
  const timer = setInterval(() => void poll(), options.pollInterval ?? 2000);
  void poll();
  return async () => {
    if (stopped) return;
    stopped = true;
    clearInterval(timer);
    await connection
      .removeAccountChangeListener(subscription)
      .catch((error: unknown) => options.onError?.(error));
  };
}
