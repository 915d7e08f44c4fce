import type { PoolClient } from "pg";
import type { Database } from "./database.ts";
import { EVENTS_CHANNEL } from "./events.ts";

/** One subscriber's wait for news of a federation. */
export interface Subscription {
  /** Resolves when there may be news since the last call, or when the subscription is closed. */
  next(): Promise<void>;
  close(): void;
  readonly closed: boolean;
}

/** Wakes subscribers through PostgreSQL's LISTEN, whichever process appended an event. */
export interface EventSignal {
  /** `federation` is its address in hexadecimal. */
  subscribe(federation: string): Subscription;
  close(): Promise<void>;
}

const RECONNECT_MILLISECONDS = 500;

/**
 * Connects when the first subscriber comes. After a lost connection every subscriber is woken,
 * because it may have missed something.
 */
export function listenForEvents(database: Database, onError: (error: Error) => void): EventSignal {
  const readers: Readers = new Map();
  let client: PoolClient | undefined;
  let connecting = false;
  let stopped = false;

  const wake = (federation: string) => {
    for (const reader of readers.get(federation) ?? []) reader.notify();
  };
  const wakeAll = () => {
    for (const federation of readers.keys()) wake(federation);
  };
  const lose = (error: Error) => {
    client?.removeAllListeners("notification");
    client?.release(error);
    client = undefined;
    if (stopped) return;
    onError(error);
    setTimeout(() => void connect(), RECONNECT_MILLISECONDS).unref();
  };
  const connect = async (): Promise<void> => {
    if (client !== undefined || connecting || stopped) return;
    connecting = true;
    try {
      const connected = await database.connect();
      connected.once("error", lose);
      connected.on("notification", ({ payload }) => wake(payload ?? ""));
      client = connected;
      await connected.query(`LISTEN ${EVENTS_CHANNEL}`);
    } catch (error) {
      lose(error instanceof Error ? error : new Error(String(error)));
    } finally {
      connecting = false;
      wakeAll();
    }
  };
  return {
    subscribe(federation) {
      void connect();
      return subscription(readers, federation);
    },
    async close() {
      stopped = true;
      for (const reader of [...readers.values()].flatMap((each) => [...each])) reader.close();
      client?.removeAllListeners("notification");
      client?.release(true);
      client = undefined;
    },
  };
}

/** Wakes the subscribers of each federation. */
type Readers = Map<string, Set<{ notify(): void; close(): void }>>;

function subscription(readers: Readers, federation: string): Subscription {
  let news = false;
  let closed = false;
  let resolve: (() => void) | undefined;
  const notify = () => {
    news = true;
    resolve?.();
  };
  const others = readers.get(federation) ?? new Set();
  const reader = { notify, close };
  readers.set(federation, others.add(reader));
  function close(): void {
    if (closed) return;
    closed = true;
    others.delete(reader);
    if (others.size === 0) readers.delete(federation);
    resolve?.();
  }
  return {
    get closed() {
      return closed;
    },
    async next() {
      if (!news && !closed) await new Promise<void>((done) => (resolve = done));
      news = false;
    },
    close,
  };
}
