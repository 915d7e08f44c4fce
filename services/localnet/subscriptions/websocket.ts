import { type WebSocket, WebSocketServer } from "ws";
import type { Bank } from "../bank/bank.ts";
import { dispatch, type Request } from "../rpc/dispatch.ts";
import { RpcError } from "../rpc/errors.ts";
import type { Send, Subscription, Subscriptions } from "./subscriptions.ts";

const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_SUBSCRIPTIONS = 10_000;
/** A client that reads so slowly that this much waits for it is cut off. */
const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

/** The WebSocket side of the node. The caller attaches it to an HTTP server. */
export function createSubscriptionServer(
  bank: Bank,
  subscriptions: Subscriptions,
  onInternalError: (error: unknown) => void,
): WebSocketServer {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  server.on("connection", (socket) => {
    const client = new Client(socket, bank, subscriptions, onInternalError);
    socket.on("message", (data) => client.receive(String(data)));
    socket.on("close", () => client.cancelAll());
    // A broken connection closes; there is nothing else to do.
    socket.on("error", () => socket.terminate());
  });
  return server;
}

class Client {
  readonly #socket: WebSocket;
  readonly #bank: Bank;
  readonly #subscriptions: Subscriptions;
  readonly #onInternalError: (error: unknown) => void;
  readonly #active = new Map<number, { subscription: Subscription; kind: string }>();

  constructor(
    socket: WebSocket,
    bank: Bank,
    subscriptions: Subscriptions,
    onInternalError: (error: unknown) => void,
  ) {
    this.#socket = socket;
    this.#bank = bank;
    this.#subscriptions = subscriptions;
    this.#onInternalError = onInternalError;
  }

  receive(text: string): void {
    this.#answer(text).catch(this.#onInternalError);
  }

  cancelAll(): void {
    for (const { subscription } of this.#active.values()) subscription.cancel();
    this.#active.clear();
  }

  async #answer(text: string): Promise<void> {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#send({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error" } });
      return;
    }
    const begun: Subscription[] = [];
    const run = (request: Request) => this.#run(request, begun);
    const items = Array.isArray(value) ? value : [value];
    const responses = [];
    for (const item of items) responses.push(await dispatch(item, run, this.#onInternalError));
    const answered = responses.filter((response) => response !== undefined);
    if (Array.isArray(value)) this.#send(answered);
    else if (answered[0] !== undefined) this.#send(answered[0]);
    if (begun.length === 0) return;
    await this.#bank.durable();
    for (const subscription of begun) subscription.catchUp();
  }

  #run({ method, params }: Request, begun: Subscription[]): unknown {
    this.#bank.advance();
    const unsubscribed = /^([a-z]+)Unsubscribe$/.exec(method)?.[1];
    if (unsubscribed !== undefined) return this.#unsubscribe(unsubscribed, params);
    // web3.js sends `ping` as a notification to keep the connection open.
    if (method === "ping") return null;
    if (this.#active.size >= MAX_SUBSCRIPTIONS)
      throw new RpcError(
        "invalidRequest",
        `A connection can hold ${MAX_SUBSCRIPTIONS} subscriptions: cancel some, or open another connection.`,
      );
    const subscription = this.#subscriptions.subscribe(method, params, this.#notify);
    this.#active.set(subscription.id, { subscription, kind: method.replace(/Subscribe$/, "") });
    begun.push(subscription);
    return subscription.id;
  }

  #unsubscribe(kind: string, params: unknown): boolean {
    const id: unknown = Array.isArray(params) ? params[0] : undefined;
    const active = typeof id === "number" ? this.#active.get(id) : undefined;
    if (typeof id !== "number" || active === undefined || active.kind !== kind)
      throw new RpcError("invalidParams", "Invalid subscription id.");
    active.subscription.cancel();
    this.#active.delete(id);
    return true;
  }

  readonly #notify: Send = (method, subscription, result) => {
    if (method === "signatureNotification") this.#active.delete(subscription);
    this.#send({ jsonrpc: "2.0", method, params: { result, subscription } });
  };

  #send(message: unknown): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#socket.terminate();
    else this.#socket.send(JSON.stringify(message));
  }
}
