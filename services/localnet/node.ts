import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Bank } from "./bank/bank.ts";
import { SLOT_MILLISECONDS, type WallClock } from "./bank/slots.ts";
import type { Settings } from "./config.ts";
import { LocalnetError, systemErrorCode } from "./errors.ts";
import { Ledger } from "./ledger/ledger.ts";
import { createRpcServer } from "./rpc/server.ts";
import { Subscriptions } from "./subscriptions/subscriptions.ts";
import { createSubscriptionServer } from "./subscriptions/websocket.ts";

/** A running node. */
export interface LocalnetNode {
  readonly bank: Bank;
  readonly rpcUrl: string;
  readonly webSocketUrl: string;
  /** Bytes of an interrupted write that the start cut off the journal. */
  readonly tornBytes: number;
  /** Enters the slot that the clock is in; a node with the system's clock does so by itself. */
  readonly tick: () => void;
  /** Answers requests under way, writes everything to disk and frees ports and ledger. */
  readonly close: () => Promise<void>;
}

export interface NodeOptions {
  /** Replaces the system's clock and the timer that follows it. */
  readonly clock?: WallClock;
  /** Called for errors of the node itself; the client is told "Internal error". */
  readonly onInternalError: (error: unknown) => void;
  /**
   * Called when the ledger cannot be written any more: nothing is confirmed, and the node must
   * stop.
   */
  readonly onLedgerFailure: (error: LocalnetError) => void;
}

/** How long clients may take to close their connections when the node stops. */
const CLOSE_TIMEOUT_MS = 1_000;
/** Attempts to find two neighbouring free ports for port 0. */
const PORT_ATTEMPTS = 50;

/** Opens the ledger and starts serving. Throws `LocalnetError`. */
export async function startNode(settings: Settings, options: NodeOptions): Promise<LocalnetNode> {
  const clock = options.clock ?? Date.now;
  const { ledger, contents } = await Ledger.open({
    folder: settings.ledger,
    genesisTime: clock() - SLOT_MILLISECONDS,
    segmentBytes: settings.segmentBytes,
    historyBytes: settings.historyBytes,
    onFailure: options.onLedgerFailure,
  });
  try {
    const { programs, historyBytes } = settings;
    const bank = new Bank({ ledger, contents, programs, clock, historyBytes });
    const server = await serve(bank, settings, options);
    const stopTimer = options.clock === undefined ? followClock(bank) : () => {};
    return {
      ...server,
      bank,
      tornBytes: contents.tornBytes,
      tick: () => bank.advance(),
      close: async () => {
        stopTimer();
        await server.close();
        await ledger.close();
      },
    };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

async function serve(bank: Bank, { host, port }: Settings, { onInternalError }: NodeOptions) {
  const subscriptions = new Subscriptions(bank);
  const rpc = createRpcServer({ bank }, onInternalError);
  const sockets = createSubscriptionServer(bank, subscriptions, onInternalError);
  const upgrades = createServer((_, response) => {
    response.writeHead(426, { "content-type": "text/plain" });
    response.end("This port speaks WebSocket; JSON-RPC over HTTP is on the port below it.");
  });
  upgrades.on("upgrade", (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (client) =>
      sockets.emit("connection", client, request),
    ),
  );
  const bound = await listenOnPair(rpc, upgrades, host, port);
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    rpcUrl: `http://${name}:${bound}`,
    webSocketUrl: `ws://${name}:${bound + 1}`,
    close: async () => {
      subscriptions.close();
      for (const client of sockets.clients) client.close(1001, "the node is shutting down");
      const force = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, CLOSE_TIMEOUT_MS);
      sockets.close();
      await Promise.all([closeServer(rpc), closeServer(upgrades)]);
      clearTimeout(force);
    },
  };
}

/** Binds both servers to neighbouring ports and returns the lower one. */
async function listenOnPair(
  rpc: Server,
  upgrades: Server,
  host: string,
  port: number,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const bound = await listen(rpc, host, port);
    try {
      await listen(upgrades, host, bound + 1);
      return bound;
    } catch (error) {
      await closeServer(rpc);
      if (port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    const problem =
      code === "EADDRINUSE" ? "is in use by another process" : `cannot be opened (${code})`;
    throw new LocalnetError(
      "port-in-use",
      `Port ${port} of ${host} ${problem}: stop what uses it, or set PLENARY_LOCALNET_PORT to another port (JSON-RPC takes it, WebSocket the next one).`,
      { host, port, reason: code },
      { cause },
    );
  } finally {
    server.removeListener("error", reject);
  }
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Keep-alive connections that wait for a next request would hold the server open.
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
  await closed;
  clearTimeout(force);
}

/** Enters each slot as it begins. */
function followClock(bank: Bank): () => void {
  let timer: NodeJS.Timeout;
  const schedule = () => {
    timer = setTimeout(() => {
      bank.advance();
      schedule();
    }, bank.slots.untilNext() + 1);
  };
  schedule();
  return () => clearTimeout(timer);
}
