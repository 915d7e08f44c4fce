/** What the chain client makes of transactions that a node has taken and forgotten, when their blockhash expires. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type SendOptions, sendTransaction } from "@plenary/chain";
import { Connection, Keypair, SystemProgram, Transaction } from "@solana/web3.js";
import bs58 from "bs58";
import { BLOCKHASH_LIFETIME } from "./bank/sysvars.ts";
import { startTestNode } from "./testing/test-node.ts";

const AMOUNT = 1_000_000;

/** What stands between client and node: an answer instead of the node's, or undefined to ask that. */
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

test("forgotten, sent again and expired, it is signed anew with another blockhash and takes effect once", async (t) => {
  const forgotten: Buffer[] = [];
  const { connection, advance, pay, signed, paid } = await setUp(t, (method, params) => {
    // Time goes on with every look at it.
    if (method === "getBlockHeight") advance(1);
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
  // Copies of the first, which no node takes any more however late they come.
  const [first, again] = forgotten;
  assert.ok(first && again?.equals(first));
  await assert.rejects(connection.sendRawTransaction(first), /Blockhash not found/);
  await connection.sendRawTransaction(first, { skipPreflight: true });
  advance(1);
  assert.equal(await paid(), AMOUNT);
});

test("what is forgotten each time is given up, and not sent for ever", async (t) => {
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
    message: /did not land/,
  });
  assert.equal(new Set(signed).size, 4);
  assert.deepEqual(sent, signed);
  assert.equal(await paid(), 0);
});

test("what landed unseen before its blockhash expired is not signed a second time", async (t) => {
  let isShown = false;
  const { advance, pay, signed, paid } = await setUp(t, (method) => {
    if (method === "getBlockHeight") {
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
