import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import {
  type Commitment,
  Keypair,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
} from "@solana/web3.js";
import { WebSocket } from "ws";
import { startTestNode } from "../testing/test-node.ts";

/** A bare WebSocket client, which returns responses and notifications in the order of arrival. */
class Client {
  readonly #socket: WebSocket;
  readonly #received: unknown[] = [];
  readonly #waiting: (() => void)[] = [];
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      this.#received.push(JSON.parse(String(data)));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async open(t: TestContext, url: string): Promise<Client> {
    const socket = new WebSocket(url);
    await once(socket, "open");
    t.after(() => socket.terminate());
    return new Client(socket);
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  async call(method: string, params?: unknown): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    this.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return this.take((message) => message.id === id);
  }

  async subscribe(method: string, params?: unknown): Promise<number> {
    const { result } = await this.call(method, params);
    assert.equal(typeof result, "number");
    return Number(result);
  }

  /** The result of the next notification of a subscription. */
  async next(subscription: number): Promise<unknown> {
    const { params } = await this.take(
      (message) => parameter(message, "subscription") === subscription,
    );
    return typeof params === "object" && params !== null && "result" in params
      ? params.result
      : undefined;
  }

  /** Notifications of a subscription that came and were not taken. */
  pending(subscription: number): number {
    return this.#received.filter(
      (message) => isRecord(message) && parameter(message, "subscription") === subscription,
    ).length;
  }

  async take(
    wanted: (message: Record<string, unknown>) => boolean,
  ): Promise<Record<string, unknown>> {
    for (;;) {
      const index = this.#received.findIndex((message) => isRecord(message) && wanted(message));
      const [found] = index === -1 ? [] : this.#received.splice(index, 1);
      if (isRecord(found)) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parameter(message: Record<string, unknown>, name: string): unknown {
  return isRecord(message.params) ? message.params[name] : undefined;
}

async function setUp(t: TestContext) {
  const env = await startTestNode(t);
  const payer = await env.funded();
  const client = await Client.open(t, env.node.webSocketUrl);
  const pay = (to = Keypair.generate().publicKey, lamports = 1_000_000) =>
    sendAndConfirmTransaction(
      env.connection,
      new Transaction().add(
        SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports }),
      ),
      [payer],
    );
  return { ...env, payer, client, pay };
}

test("web3.js hears of accounts, logs, slots and roots, and unsubscribes", async (t) => {
  const { connection, pay, advance } = await setUp(t);
  const to = Keypair.generate().publicKey;
  const account = Promise.withResolvers<number>();
  const logs = Promise.withResolvers<string>();
  const slot = Promise.withResolvers<{ slot: number; parent: number; root: number }>();
  const root = Promise.withResolvers<number>();
  const ids = [
    connection.onAccountChange(to, (info) => account.resolve(info.lamports)),
    connection.onLogs(to, (entry) => logs.resolve(entry.signature)),
    connection.onSlotChange((info) => slot.resolve(info)),
    connection.onRootChange((value) => root.resolve(value)),
  ] as const;
  await Promise.all(ids.map((id) => established(connection, id)));
  const signature = await pay(to, 2_000_000);
  assert.equal(await account.promise, 2_000_000);
  assert.equal(await logs.promise, signature);
  advance(1);
  const { slot: now, parent } = await slot.promise;
  assert.equal(now, await connection.getSlot("confirmed"));
  assert.equal(parent, now - 1);
  assert.equal(await root.promise, now - 1);
  await connection.removeAccountChangeListener(ids[0]);
  await connection.removeOnLogsListener(ids[1]);
  await connection.removeSlotChangeListener(ids[2]);
  await connection.removeRootChangeListener(ids[3]);
});

/** web3.js subscribes behind the caller's back; this waits until it has. */
async function established(connection: object, id: number): Promise<void> {
  const hashes: unknown = Reflect.get(connection, "_subscriptionHashByClientSubscriptionId");
  const hash: unknown = isRecord(hashes) ? hashes[id] : undefined;
  const listeners: unknown = Reflect.get(connection, "_subscriptionStateChangeCallbacksByHash");
  assert.ok(typeof hash === "string" && isRecord(listeners));
  const subscribed = Promise.withResolvers<void>();
  listeners[hash] ??= new Set();
  const callbacks = listeners[hash];
  assert.ok(callbacks instanceof Set);
  callbacks.add((state: unknown) => {
    if (state === "subscribed") subscribed.resolve();
  });
  const subscriptions: unknown = Reflect.get(connection, "_subscriptionsByHash");
  const current: unknown = isRecord(subscriptions) ? subscriptions[hash] : undefined;
  if (isRecord(current) && current.state === "subscribed") return;
  await subscribed.promise;
}

test("a signature is told once, at the commitment asked for, also when it came before the subscription", async (t) => {
  const { client, pay, advance } = await setUp(t);
  const signature = await pay();
  const confirmed = await client.subscribe("signatureSubscribe", [
    signature,
    { commitment: "confirmed" },
  ]);
  assert.deepEqual(shown(await client.next(confirmed)), { err: null });
  const finalized = await client.subscribe("signatureSubscribe", [signature]);
  assert.equal(client.pending(finalized), 0);
  advance(1);
  assert.deepEqual(shown(await client.next(finalized)), { err: null });
  const gone = await client.call("signatureUnsubscribe", [finalized]);
  assert.ok(isRecord(gone.error));
});

function shown(result: unknown): unknown {
  return isRecord(result) ? result.value : undefined;
}

test("finalized subscribers hear of a transaction when its block is complete, confirmed ones at once", async (t) => {
  const { client, pay, advance } = await setUp(t);
  const to = Keypair.generate().publicKey;
  const levels: Commitment[] = ["processed", "confirmed", "finalized"];
  const [processed = 0, confirmed = 0, finalized = 0] = await Promise.all(
    levels.map((commitment) =>
      client.subscribe("accountSubscribe", [to.toBase58(), { encoding: "base64", commitment }]),
    ),
  );
  const logs = await client.subscribe("logsSubscribe", ["all"]);
  const signature = await pay(to, 3_000_000);
  for (const id of [processed, confirmed]) {
    const value = shown(await client.next(id));
    assert.ok(isRecord(value));
    assert.equal(value.lamports, 3_000_000);
  }
  assert.equal(client.pending(finalized) + client.pending(logs), 0);
  advance(1);
  assert.ok(isRecord(shown(await client.next(finalized))));
  const entry = shown(await client.next(logs));
  const airdrop = isRecord(entry) && entry.signature !== signature;
  const own = airdrop ? shown(await client.next(logs)) : entry;
  assert.ok(isRecord(own));
  assert.equal(own.signature, signature);
});

test("program subscribers get the accounts that pass their filters", async (t) => {
  const { client, connection, payer } = await setUp(t);
  const owner = Keypair.generate().publicKey;
  const small = await client.subscribe("programSubscribe", [
    owner.toBase58(),
    { encoding: "base64", commitment: "confirmed", filters: [{ dataSize: 5 }] },
  ]);
  const every = await client.subscribe("programSubscribe", [
    owner.toBase58(),
    { encoding: "base64", commitment: "confirmed" },
  ]);
  for (const space of [6, 5]) {
    const account = Keypair.generate();
    const instruction = SystemProgram.createAccount({
      fromPubkey: payer.publicKey,
      newAccountPubkey: account.publicKey,
      lamports: 10_000_000,
      space,
      programId: owner,
    });
    await sendAndConfirmTransaction(connection, new Transaction().add(instruction), [
      payer,
      account,
    ]);
  }
  for (const [id, spaces] of [
    [every, [6, 5]],
    [small, [5]],
  ] as const)
    for (const space of spaces) {
      const value = shown(await client.next(id));
      assert.ok(isRecord(value) && isRecord(value.account));
      assert.equal(value.account.space, space);
    }
  assert.equal(client.pending(small), 0);
});

test("an account that is emptied is told as one without lamports", async (t) => {
  const { client, connection, funded } = await setUp(t);
  const leaver = await funded(1);
  const id = await client.subscribe("accountSubscribe", [
    leaver.publicKey.toBase58(),
    { commitment: "confirmed" },
  ]);
  const instruction = SystemProgram.transfer({
    fromPubkey: leaver.publicKey,
    toPubkey: Keypair.generate().publicKey,
    lamports: 1_000_000_000 - 5_000,
  });
  await sendAndConfirmTransaction(connection, new Transaction().add(instruction), [leaver]);
  const value = shown(await client.next(id));
  assert.ok(isRecord(value));
  assert.equal(value.lamports, 0);
  assert.equal(await connection.getAccountInfo(leaver.publicKey), null);
});

test("malformed messages are answered and leave the connection usable", async (t) => {
  const { client } = await setUp(t);
  for (const text of [
    "{",
    "7",
    "[]",
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","id":99,"method":"getSlot"}',
  ])
    client.send(text);
  assert.ok(await client.take((message) => errorCode(message) === -32700));
  assert.ok(await client.take((message) => errorCode(message) === -32600));
  assert.ok(await client.take((message) => errorCode(message) === -32601));
  const refused = await client.call("accountSubscribe", ["nonsense"]);
  assert.equal(errorCode(refused), -32602);
  assert.equal(errorCode(await client.call("slotUnsubscribe", [12345])), -32602);
  const slots = await client.subscribe("slotSubscribe");
  assert.equal((await client.call("slotUnsubscribe", [slots])).result, true);
});

function errorCode(message: Record<string, unknown>): unknown {
  return isRecord(message.error) ? message.error.code : undefined;
}
