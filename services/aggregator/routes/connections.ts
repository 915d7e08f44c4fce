import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { FastifyServerFactory } from "fastify";

/**
 * Requests of one connection that may wait for their answers. A client that sends more without
 * reading would make the server hold their answers, and a file descriptor for each blob.
 */
const UNANSWERED_LIMIT = 4;
const REQUESTS_PER_CONNECTION = 1_000;
/** A connection on which nothing moves for this long is closed, unread answers included. */
const STANDSTILL_MILLISECONDS = 120_000;

const OPTIONS: ServerOptions = {
  /** The longest that an upload may take. */
  requestTimeout: 10 * 60_000,
  headersTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
  /** Longer than proxies keep connections, so that they close them and not the server. */
  keepAliveTimeout: 72_000,
};

/** A server whose connections are bounded in number and in what each can make it hold. */
export interface BoundedServer {
  readonly serverFactory: FastifyServerFactory;
  /** Resolves when every request has its answer or has lost its client. */
  answered(): Promise<void>;
}

/** What exceeds the bounds is closed before anything of it is handled or logged. */
export function boundedServer(connectionsPerAddress: number): BoundedServer {
  const perAddress = new Map<string, number>();
  const unanswered = new Map<Socket, number>();
  let onIdle: (() => void) | undefined;

  const admitConnection = (socket: Socket): void => {
    const address = socket.remoteAddress ?? "";
    socket.once("close", () => release(perAddress, address));
    if (take(perAddress, address) > connectionsPerAddress) socket.destroy();
  };
  const admitRequest = ({ socket }: IncomingMessage, response: ServerResponse): boolean => {
    if (socket.destroyed) return false;
    const count = take(unanswered, socket);
    response.once("close", () => {
      release(unanswered, socket);
      if (unanswered.size === 0) onIdle?.();
    });
    if (count > UNANSWERED_LIMIT) socket.destroy();
    return count <= UNANSWERED_LIMIT;
  };
  return {
    serverFactory(handle): Server {
      const server = createServer(OPTIONS, (request, response) => {
        if (admitRequest(request, response)) handle(request, response);
      });
      server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
      server.setTimeout(STANDSTILL_MILLISECONDS);
      return server.on("connection", admitConnection);
    },
    async answered() {
      if (unanswered.size === 0) return;
      await new Promise<void>((resolve) => (onIdle = resolve));
    },
  };
}

/** Counts one more; returns how many there are. */
function take<Key>(counts: Map<Key, number>, key: Key): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}

function release<Key>(counts: Map<Key, number>, key: Key): void {
  const count = counts.get(key) ?? 0;
  if (count > 1) counts.set(key, count - 1);
  else counts.delete(key);
}
