import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fromBase64, toBase58 } from "@plenary/protocol";
import { Transaction } from "@solana/web3.js";
import { opened } from "../../../../testing/index.ts";
import type { SeededDraws } from "../crash/seeded-draws.ts";
import { HurriedTime } from "./hurried-time.ts";

/**
 * A node that acknowledges transactions and forgets them, loses its answers, and lags behind what
 * it showed before.
 */
export interface ForgetfulChain {
  readonly url: string;
  /**
   * From now on the draws decide, and the next transaction is forgotten in any case. Undefined: an
   * honest node.
   */
  forget(draws: SeededDraws | undefined): void;
  /**
   * Drops the next transaction for good: time passes at once, so that no blockhash that was handed
   * out before is taken any longer.
   */
  expire(): void;
  /** Transactions that were acknowledged and dropped. */
  readonly dropped: number;
  /** How many of these had expired by then. */
  readonly expired: number;
  close(): Promise<void>;
}

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Passes requests on to a real node. */
export async function forgetfulChain(target: string): Promise<ForgetfulChain> {
  /** Answers by request. The last but one is what a node that lags would say. */
  const answers = new Map<string, { readonly last: string; readonly before: string }>();
  let draws: SeededDraws | undefined;
  let isFirst = false;
  let dropped = 0;
  let expired = 0;
  let isExpiring = false;
  const forwarded = new Set<Promise<unknown>>();
  const ask = async (body: string): Promise<string> => {
    const headers = { "content-type": "application/json" };
    return (await fetch(target, { method: "POST", headers, body })).text();
  };
  const time = new HurriedTime(ask);
  const send = async (request: Request, body: string, response: ServerResponse) => {
    const transaction = transactionOf(request);
    const signature = JSON.stringify(toBase58(transaction.signature ?? new Uint8Array()));
    if (isExpiring) {
      isExpiring = false;
      dropped += 1;
      expired += 1;
      time.pass(forwarded);
      return answer(response, request.id, signature);
    }
    if (time.isExpired(transaction.recentBlockhash)) return answer(response, request.id, signature);
    const fate = isFirst ? 0 : draws?.below(3);
    isFirst = false;
    if (fate === 0) {
      dropped += 1;
      return answer(response, request.id, signature);
    }
    const asked = ask(body);
    forwarded.add(asked);
    const text = await asked.finally(() => forwarded.delete(asked));
    if (fate === 1) return void response.destroy();
    response.end(text);
  };
  const read = async (request: Request, body: string, response: ServerResponse) => {
    const text = await ask(body);
    const key = JSON.stringify([request.method, request.params]);
    const result = JSON.stringify((JSON.parse(text) as { result?: unknown }).result ?? null);
    const { last, before } = answers.get(key) ?? { last: result, before: result };
    if (last !== result) answers.set(key, { last: result, before: last });
    else answers.set(key, { last, before });
    const lags = draws?.below(3) === 0;
    answer(response, request.id, lags ? (last === result ? before : last) : result);
  };
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    const request = JSON.parse(body) as Request;
    if (request.method === "sendTransaction") return send(request, body, response);
    if (request.method === "getAccountInfo") return read(request, body, response);
    if (request.method === "getLatestBlockhash")
      return answer(response, request.id, JSON.stringify(await time.latestBlockhash()));
    if (request.method === "isBlockhashValid")
      return answer(
        response,
        request.id,
        JSON.stringify(await time.isValid(String(request.params[0]))),
      );
    response.end(await ask(body));
  };
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = opened(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forget(given) {
      draws = given;
      isFirst = given !== undefined;
      isExpiring = false;
    },
    expire() {
      isExpiring = true;
    },
    get dropped() {
      return dropped;
    },
    get expired() {
      return expired;
    },
    close,
  };
}

function answer(response: ServerResponse, id: unknown, result: string): void {
  response.setHeader("content-type", "application/json");
  response.end(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
}

function transactionOf({ params }: Request): Transaction {
  const [wire] = params;
  if (typeof wire !== "string") throw new Error("a transaction is sent as text");
  return Transaction.from(fromBase64(wire));
}
