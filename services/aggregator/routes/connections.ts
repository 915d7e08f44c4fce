import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/**
 * Requests of one connection that may wait for their answers. A client that sends more without
 * reading would make the server hold their answers, and a file descriptor for each blob.
 */
const UNANSWERED_LIMIT = 4;
/** How long requests may take to finish once the server stops. */
const FINISH_MILLISECONDS = 1_000;

/** Server options that bound what a connection may hold, and for how long. */
export const CONNECTION_OPTIONS = {
  /** The longest that an upload may take. */
  requestTimeout: 10 * 60_000,
  /** A connection on which nothing moves for this long is closed, unread answers included. */
  connectionTimeout: 120_000,
  maxRequestsPerSocket: 1_000,
  http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000 },
  /** When the server closes: `boundConnections` has let requests finish by then. */
  forceCloseConnections: true,
} as const;

/**
 * Bounds connections per address and unanswered requests per connection. Call it before other
 * hooks are added, so that refused requests cost nothing. A server that stops gives running
 * requests a second, then closes every connection.
 */
export function boundConnections(app: FastifyInstance, connectionsPerAddress: number): void {
  const perAddress = new Map<string, number>();
  const unanswered = new Map<Socket, number>();
  let onIdle: (() => void) | undefined;

  app.server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (perAddress.get(address) ?? 0) + 1;
    perAddress.set(address, count);
    socket.once("close", () => release(perAddress, address));
    if (count > connectionsPerAddress) socket.destroy();
  });
  app.addHook("onRequest", async ({ raw: { socket } }, reply) => {
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    reply.raw.once("close", () => {
      release(unanswered, socket);
      if (unanswered.size === 0) onIdle?.();
    });
    if (count <= UNANSWERED_LIMIT) return;
    socket.destroy();
    return reply.hijack();
  });
  app.addHook("preClose", async () => {
    if (unanswered.size === 0) return;
    await new Promise<void>((resolve) => {
      onIdle = resolve;
      setTimeout(resolve, FINISH_MILLISECONDS).unref();
    });
  });
}

function release<Key>(counts: Map<Key, number>, key: Key): void {
  const count = counts.get(key) ?? 0;
  if (count > 1) counts.set(key, count - 1);
  else counts.delete(key);
}
