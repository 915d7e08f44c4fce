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
  const subscribers: Subscribers = new Map();
  let client: PoolClient | undefined;
  let connecting = false;
  let stopped = false;

  const wake = (federation: string) => {
    for (const subscriber of subscribers.get(federation) ?? []) subscriber.notify();
  };
  const wakeAll = () => {
    for (const federation of subscribers.keys()) wake(federation);
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
      // The service may stop while this waits: the pool would wait for a connection that is kept.
      if (stopped) return connected.release(true);
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
      return subscription(subscribers, federation);
    },
    async close() {
      stopped = true;
      for (const subscriber of [...subscribers.values()].flatMap((each) => [...each]))
        subscriber.close();
      client?.removeAllListeners("notification");
      client?.release(true);
      client = undefined;
    },
  };
}

/** Wakes the subscribers of each federation. */
type Subscribers = Map<string, Set<{ notify(): void; close(): void }>>;

function subscription(subscribers: Subscribers, federation: string): Subscription {
  let news = false;
  let closed = false;
  let resolve: (() => void) | undefined;
  const notify = () => {
    news = true;
    resolve?.();
  };
  const others = subscribers.get(federation) ?? new Set();
  const subscriber = { notify, close };
  subscribers.set(federation, others.add(subscriber));
  function close(): void {
    if (closed) return;
    closed = true;
    others.delete(subscriber);
    if (others.size === 0) subscribers.delete(federation);
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
