import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * How a node leaves open what became of a transaction, as seen through a balancer:
 * - `stale`: statuses come from a node that is behind and knows no transaction, while the height
 *   of the chain comes from one that is far ahead;
 * - `cache`: the node confirms late, and soon afterwards it finds a signature only in its
 * history;
 * - `away`: the node takes a transaction and then drops every connection;
 * - `failing`: the node takes a transaction and answers that it has failed itself.
 */
export type Doubt = "stale" | "cache" | "away" | "failing";

export interface DoubtfulNode {
  readonly url: string;
  /** Signatures of the transactions that the real node has accepted, in order. */
  readonly sent: readonly string[];
  /** Resolves when the next transaction has been accepted. */
  readonly accepted: Promise<void>;
  close(): Promise<void>;
}

export interface DoubtfulOptions {
  /**
   * `cache`: milliseconds after which a transaction is shown, and after which it is forgotten.
   */
  readonly confirmsAfter?: number;
  readonly forgetsAfter?: number;
}

interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

interface Statuses {
  readonly value: unknown[];
}

/** Blocks by which the height is ahead. More than a blockhash lives. */
const AHEAD = 400;

/** Stands in front of a real node, at a port of its own on the loopback address. */
export async function doubtfulNode(
  target: string,
  doubt: Doubt,
  { confirmsAfter = 1_500, forgetsAfter = 100_000 }: DoubtfulOptions = {},
): Promise<DoubtfulNode> {
  const sent = new Map<string, number>();
  const { promise: accepted, resolve: accept } = Promise.withResolvers<void>();

  function isHidden(signature: string, searchesHistory: boolean): boolean {
    const age = Date.now() - (sent.get(signature) ?? Date.now());
    if (doubt === "stale") return true;
    return doubt === "cache" && (age < confirmsAfter || (age > forgetsAfter && !searchesHistory));
  }

  function distort({ method, params }: Call, result: unknown): unknown {
    if (method === "sendTransaction" && typeof result === "string" && !sent.has(result)) {
      sent.set(result, Date.now());
      accept();
    }
    if (method === "getBlockHeight" && doubt === "stale") return Number(result) + AHEAD;
    if (method !== "getSignatureStatuses") return result;
    const [signatures, options] = params as [string[], { searchTransactionHistory?: boolean }?];
    const { value, ...rest } = result as Statuses;
    const searches = options?.searchTransactionHistory === true;
    const shown = value.map((status, i) =>
      isHidden(signatures[i] ?? "", searches) ? null : status,
    );
    return { ...rest, value: shown };
  }

  async function answer(body: string, response: ServerResponse): Promise<void> {
    const headers = { "content-type": "application/json" };
    const reply = await (await fetch(target, { method: "POST", headers, body })).json();
    const call = JSON.parse(body);
    if ("result" in reply) reply.result = distort(call, reply.result);
    const fails = doubt === "failing" && call.method === "sendTransaction";
    const error = { code: -32603, message: "Internal error" };
    const shown = fails ? { jsonrpc: "2.0", id: reply.id, error } : reply;
    response.writeHead(200, headers).end(JSON.stringify(shown));
  }

  const server = createServer(async (request, response) => {
    if (doubt === "away" && sent.size > 0) return request.socket.destroy();
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    await answer(Buffer.concat(pieces).toString(), response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sent() {
      return [...sent.keys()];
    },
    accepted,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
