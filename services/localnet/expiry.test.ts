/** What the chain client makes of transactions that a node has taken and does not show. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type SendOptions, sendTransaction, TransactionUnknown } from "@plenary/chain";
import { Connection, Keypair, SystemProgram, Transaction } from "@solana/web3.js";
import bs58 from "bs58";
import { BLOCKHASH_LIFETIME } from "./bank/sysvars.ts";
import { type Doubt, type DoubtfulOptions, doubtfulNode } from "./testing/doubtful-node.ts";
import { startTestNode } from "./testing/test-node.ts";

const AMOUNT = 1_000_000;

/** Gives an answer instead of the node's, or undefined to ask the node. */
type Interception = (method: string, params: readonly unknown[]) => unknown;

async function setUp(t: TestContext, intercept: Interception) {
  const { node, connection, advance, funded } = await startTestNode(t);
  const payer = await funded();
  const to = Keypair.generate().publicKey;
  const client = new Connection(node.rpcUrl, {
    commitment: "confirmed",
    fetch: async (input, init) => {
      const { id, method, params } = JSON.parse(String(init?.body));
      const result = intercept(method, params);
      return result === undefined
        ? fetch(input, init)
        : Response.json({ jsonrpc: "2.0", id, result });
    },
  });
  const signed: string[] = [];
  const pay = (options: SendOptions = {}) =>
    sendTransaction(
      client,
      [SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports: AMOUNT })],
      [payer],
      { ...options, pollInterval: 1, onSigned: async (signature) => void signed.push(signature) },
    );
  return { connection, advance, pay, signed, paid: () => connection.getBalance(to) };
}

function sentBy(params: readonly unknown[]): { wire: Buffer; signature: string } {
  const wire = Buffer.from(String(params[0]), "base64");
  return { wire, signature: bs58.encode(Transaction.from(wire).signature ?? new Uint8Array()) };
}

test("a transaction that never landed is signed again with another blockhash, and takes effect once", async (t) => {
  const forgotten: Buffer[] = [];
  const { connection, advance, pay, signed, paid } = await setUp(t, (method, params) => {
    // A slot passes with every look.
    if (method === "isBlockhashValid") advance(1);
    if (method !== "sendTransaction") return undefined;
    const { wire, signature } = sentBy(params);
    if (signature !== signed[0]) return undefined;
    forgotten.push(wire);
    return signature;
  });
  const landed = await pay();
  assert.equal(signed.length, 2);
  assert.equal(landed, signed[1]);
  assert.notEqual(signed[1], signed[0]);
  assert.equal(await paid(), AMOUNT);
  // No node takes a copy of the first any more, however late it comes.
  const [first, again] = forgotten;
  assert.ok(first && again?.equals(first));
  await assert.rejects(connection.sendRawTransaction(first), /Blockhash not found/);
  await connection.sendRawTransaction(first, { skipPreflight: true });
  advance(1);
  assert.equal(await paid(), AMOUNT);
});

test("a transaction that is forgotten each time is given up", async (t) => {
  const sent: string[] = [];
  const { advance, pay, signed, paid } = await setUp(t, (method, params) => {
    if (method !== "sendTransaction") return undefined;
    const { signature } = sentBy(params);
    sent.push(signature);
    advance(BLOCKHASH_LIFETIME + 1);
    return signature;
  });
  await assert.rejects(pay({ attempts: 4 }), {
    code: "chain-unavailable",
    message: /nothing was moved/,
  });
  assert.equal(new Set(signed).size, 4);
  assert.deepEqual(sent, signed);
  assert.equal(await paid(), 0);
});

test("a transaction that landed unseen before its blockhash expired is not signed again", async (t) => {
  let isShown = false;
  const { advance, pay, signed, paid } = await setUp(t, (method) => {
    if (method === "isBlockhashValid") {
      advance(BLOCKHASH_LIFETIME + 1);
      isShown = true;
    }
    return method === "getSignatureStatuses" && !isShown
      ? { context: { slot: 1 }, value: [null] }
      : undefined;
  });
  assert.equal(await pay(), signed[0]);
  assert.equal(signed.length, 1);
  assert.equal(await paid(), AMOUNT);
});

test("a transaction that landed, and that no status and no history shows, is not signed again", async (t) => {
  const { advance, pay, signed, paid } = await setUp(t, (method) => {
    if (method === "isBlockhashValid") advance(BLOCKHASH_LIFETIME + 1);
    if (method === "getTransaction") return null;
    return method === "getSignatureStatuses"
      ? { context: { slot: Number.MAX_SAFE_INTEGER }, value: [null] }
      : undefined;
  });
  await assert.rejects(pay(), (error) => {
    assert.ok(error instanceof TransactionUnknown);
    assert.deepEqual([error.signature], signed);
    assert.match(error.message, new RegExp(`unknown: look at ${signed[0]}`));
    return true;
  });
  assert.equal(await paid(), AMOUNT);
});

test("a wait that is ended leaves the fate of a sent transaction unknown", async (t) => {
  const ended = new AbortController();
  const { pay, signed } = await setUp(t, (method) => {
    if (method !== "getSignatureStatuses") return undefined;
    ended.abort();
    return { context: { slot: 1 }, value: [null] };
  });
  await assert.rejects(pay({ signal: ended.signal }), { code: "transaction-unknown" });
  await assert.rejects(pay({ signal: ended.signal }), { name: "AbortError" });
  assert.equal(signed.length, 1);
});

test("an equal transaction that was sent before is signed again with another blockhash", async (t) => {
  const { advance, pay, signed, paid } = await setUp(t, (method) => {
    if (method === "getLatestBlockhash" && signed.length === 1) advance(1);
    return undefined;
  });
  await pay();
  await pay();
  assert.equal(new Set(signed).size, 2);
  assert.equal(await paid(), 2 * AMOUNT);
});

/** Pays through a node in front of the real one. */
async function payThrough(t: TestContext, doubt: Doubt, options?: DoubtfulOptions) {
  const { node, connection, funded } = await startTestNode(t);
  const front = await doubtfulNode(node.rpcUrl, doubt, options);
  t.after(front.close);
  const payer = await funded();
  const to = Keypair.generate().publicKey;
  const transfer = SystemProgram.transfer({
    fromPubkey: payer.publicKey,
    toPubkey: to,
    lamports: AMOUNT,
  });
  const client = new Connection(front.url, "confirmed");
  const limits = { pollInterval: 1, silenceLimit: 1_500 };
  const outcome = await sendTransaction(client, [transfer], [payer], limits).catch(
    (error: unknown) => error,
  );
  assert.equal(await connection.getBalance(to), AMOUNT);
  assert.equal(front.sent.length, 1);
  return { outcome, signature: front.sent[0] };
}

test("a node that is behind does not make a transaction be paid twice", async (t) => {
  const { outcome, signature } = await payThrough(t, "stale");
  assert.equal(outcome, signature);
});

test("a signature that left the node's cache is found in its history", async (t) => {
  const limits = { confirmsAfter: 0, forgetsAfter: -1 };
  const { outcome, signature } = await payThrough(t, "cache", limits);
  assert.equal(outcome, signature);
});

test("a node that goes away after it took a transaction leaves its fate unknown", async (t) => {
  const { outcome, signature } = await payThrough(t, "away");
  assert.ok(outcome instanceof TransactionUnknown);
  assert.equal(outcome.signature, signature);
});

test("a node that fails after it took a transaction has not refused it", async (t) => {
  const { outcome, signature } = await payThrough(t, "failing");
  assert.equal(outcome, signature);
});
