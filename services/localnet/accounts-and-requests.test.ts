import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Keypair,
  LAMPORTS_PER_SOL,
  PublicKey,
  SYSVAR_SLOT_HASHES_PUBKEY,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
} from "@solana/web3.js";
import bs58 from "bs58";
import { errorOf, startPayingNode } from "./testing/paying-node.ts";
import { call, post, startTestNode } from "./testing/test-node.ts";

test("airdrops: repeated ones have signatures of their own", async (t) => {
  const { connection } = await startTestNode(t);
  const to = Keypair.generate().publicKey;
  const signatures = new Set<string>();
  for (let i = 0; i < 5; i++) signatures.add(await connection.requestAirdrop(to, LAMPORTS_PER_SOL));
  assert.equal(signatures.size, 5);
  assert.equal(await connection.getBalance(to), 5 * LAMPORTS_PER_SOL);
});

test("program accounts are filtered by size and content, and sliced", async (t) => {
  const { connection, payer } = await startPayingNode(t);
  const owner = Keypair.generate().publicKey;
  const spaces = [10, 20, 20];
  for (const space of spaces) {
    const account = Keypair.generate();
    const lamports = await connection.getMinimumBalanceForRentExemption(space);
    const instruction = SystemProgram.createAccount({
      fromPubkey: payer.publicKey,
      newAccountPubkey: account.publicKey,
      lamports,
      space,
      programId: owner,
    });
    await sendAndConfirmTransaction(connection, new Transaction().add(instruction), [
      payer,
      account,
    ]);
  }
  assert.equal((await connection.getProgramAccounts(owner)).length, 3);
  assert.equal(
    (await connection.getProgramAccounts(owner, { filters: [{ dataSize: 20 }] })).length,
    2,
  );
  const zeros = bs58.encode(new Uint8Array(4));
  const matching = {
    filters: [{ memcmp: { offset: 8, bytes: zeros } }],
    dataSlice: { offset: 0, length: 3 },
  };
  const sliced = await connection.getProgramAccounts(owner, matching);
  assert.deepEqual(
    sliced.map(({ account }) => account.data.length),
    [3, 3],
  );
  const ones = bs58.encode(Uint8Array.of(1));
  assert.equal(
    (
      await connection.getProgramAccounts(owner, {
        filters: [{ memcmp: { offset: 0, bytes: ones } }],
      })
    ).length,
    0,
  );
});

test("accounts come in every encoding, large u64 values with all their digits", async (t) => {
  const { node, payer, advance } = await startPayingNode(t);
  advance(10);
  const address = payer.publicKey.toBase58();
  for (const encoding of ["base58", "base64", "base64+zstd", "jsonParsed"]) {
    const response = JSON.stringify(
      await call(node.rpcUrl, "getAccountInfo", [address, { encoding }]),
    );
    assert.match(
      response,
      encoding === "jsonParsed" ? /"base64"/ : new RegExp(`"${encoding.replace("+", "\\+")}"`),
    );
  }
  const raw = await fetch(node.rpcUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "getAccountInfo", params: [address] }),
  });
  assert.match(await raw.text(), /"rentEpoch":18446744073709551615/);
  const sysvar = await call(node.rpcUrl, "getAccountInfo", [
    SYSVAR_SLOT_HASHES_PUBKEY.toBase58(),
    { encoding: "base58" },
  ]);
  assert.equal(errorOf(sysvar).code, -32600);
});

test("batches, notifications and malformed requests are answered by the book", async (t) => {
  const { node } = await startTestNode(t);
  const url = node.rpcUrl;
  const batch = await post(
    url,
    JSON.stringify([
      { jsonrpc: "2.0", id: 1, method: "getHealth" },
      { jsonrpc: "2.0", method: "getHealth" },
      { jsonrpc: "2.0", id: "b", method: "nothing" },
      7,
    ]),
  );
  assert.deepEqual(batch, [
    { jsonrpc: "2.0", id: 1, result: "ok" },
    { jsonrpc: "2.0", id: "b", error: { code: -32601, message: "Method not found" } },
    {
      jsonrpc: "2.0",
      id: null,
      error: { code: -32600, message: "Invalid request: not an object" },
    },
  ]);
  assert.deepEqual(await post(url, "{"), {
    jsonrpc: "2.0",
    id: null,
    error: { code: -32700, message: "Parse error" },
  });
  assert.equal(errorOf(await post(url, "[]")).code, -32600);
  assert.equal(errorOf(await post(url, '{"id":1,"method":"getHealth"}')).code, -32600);
  const named = await call(url, "getBalance", ["tooshort"]);
  assert.match(String(errorOf(named).message), /params\[0\] \(address\)/);
  assert.equal(errorOf(await call(url, "getBalance", ["0".repeat(40)])).code, -32602);
  const nested = await call(url, "getAccountInfo", [
    PublicKey.default.toBase58(),
    { encoding: "hex" },
  ]);
  assert.match(String(errorOf(nested).message), /params\[1\]\.encoding/);
  const late = await call(url, "getBalance", [
    PublicKey.default.toBase58(),
    { minContextSlot: 1e9 },
  ]);
  assert.equal(errorOf(late).code, -32016);

  const long = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "x".repeat(2e6),
  });
  assert.equal(long.status, 413);
  assert.equal((await fetch(url, { method: "POST", body: "{}" })).status, 415);
  assert.equal((await fetch(url)).status, 405);
  assert.equal(await (await fetch(`${url}/health`)).text(), "ok");
});
