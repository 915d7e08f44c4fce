import assert from "node:assert/strict";
import { test } from "node:test";
import { SYSVAR_CLOCK_PUBKEY, SYSVAR_SLOT_HASHES_PUBKEY, Transaction } from "@solana/web3.js";
import bs58 from "bs58";
import { memo, startPayingNode, transfer } from "./testing/paying-node.ts";
import { startTestNode } from "./testing/test-node.ts";

test("a blockhash serves for 150 slots and is then refused", async (t) => {
  const { connection, payer, to, advance } = await startPayingNode(t);
  const latest = await connection.getLatestBlockhash();
  const make = (lamports: number) => {
    const transaction = new Transaction({ ...latest, feePayer: payer.publicKey });
    transaction.add(transfer(payer, to, lamports));
    transaction.sign(payer);
    return transaction.serialize();
  };
  advance(latest.lastValidBlockHeight - (await connection.getBlockHeight("confirmed")));
  assert.equal((await connection.isBlockhashValid(latest.blockhash)).value, true);
  const signature = await connection.sendRawTransaction(make(1_000_000));
  assert.equal((await connection.getSignatureStatus(signature)).value?.err, null);
  advance(1);
  assert.equal((await connection.isBlockhashValid(latest.blockhash)).value, false);
  await assert.rejects(connection.sendRawTransaction(make(1_000_001)), /Blockhash not found/);
  await assert.rejects(connection.sendRawTransaction(make(1_000_000)), /already been processed/);
  const lost = await connection.sendRawTransaction(make(1_000_002), { skipPreflight: true });
  assert.equal((await connection.getSignatureStatus(lost)).value, null);
});

test("a client that waits for a transaction learns that its blockhash has expired", async (t) => {
  const { connection, advance, requests } = await startTestNode(t);
  const latest = await connection.getLatestBlockhash();
  const signature = bs58.encode(new Uint8Array(64).fill(9));
  const rejected = assert.rejects(
    connection.confirmTransaction({ signature, ...latest }),
    /block height exceeded/,
  );
  await requests.answered("getSignatureStatuses");
  advance(152);
  await rejected;
});

test("slots, blocks and time follow the clock; the sysvars hold them", async (t) => {
  const { connection, payer, to, send, advance, clock } = await startPayingNode(t);
  const slot = await connection.getSlot("confirmed");
  const signature = await send(transfer(payer, to, 1_000_000));
  await assert.rejects(
    connection.getBlock(slot, { maxSupportedTransactionVersion: 0 }),
    /not available/,
  );
  advance(600);
  assert.equal(await connection.getSlot("confirmed"), slot + 600);
  assert.equal(await connection.getSlot("finalized"), slot + 599);
  assert.equal((await connection.getEpochInfo()).absoluteSlot, slot + 600);
  assert.equal((await connection.getEpochSchedule()).slotsPerEpoch, 432_000);

  const block = await connection.getBlock(slot, { maxSupportedTransactionVersion: 0 });
  assert.ok(block);
  assert.ok(block.transactions.some((item) => item.transaction.signatures[0] === signature));
  const next = await connection.getBlock(slot + 1, { maxSupportedTransactionVersion: 0 });
  assert.equal(next?.previousBlockhash, block.blockhash);
  assert.equal(next.transactions.length, 0);
  assert.deepEqual(await connection.getBlocks(slot, slot + 3), [
    slot,
    slot + 1,
    slot + 2,
    slot + 3,
  ]);
  assert.equal((await connection.getBlockSignatures(slot)).signatures.includes(signature), true);
  assert.equal(await connection.getBlockTime(slot + 599), Math.floor((clock.read() - 400) / 1000));

  const sysvar = await connection.getAccountInfo(SYSVAR_CLOCK_PUBKEY);
  assert.equal(sysvar?.data.readBigUInt64LE(0), BigInt(slot + 600));
  assert.equal(sysvar.data.readBigInt64LE(32), BigInt(Math.floor(clock.read() / 1000)));
  const hashes = await connection.getAccountInfo(SYSVAR_SLOT_HASHES_PUBKEY);
  assert.equal(hashes?.data.readBigUInt64LE(0), 512n);
  assert.equal(hashes.data.readBigUInt64LE(8), BigInt(slot + 599));
  const distinct = new Set(
    Array.from({ length: 512 }, (_, i) => hashes.data.toString("hex", 16 + 40 * i, 48 + 40 * i)),
  );
  assert.equal(distinct.size, 512);
});

test("signatures of an address come newest first, in pages, with memos and errors", async (t) => {
  const { connection, payer, to, send } = await startPayingNode(t);
  const sent: string[] = [];
  for (let i = 0; i < 5; i++)
    sent.unshift(await send(transfer(payer, to, 1_000_000 + i), memo(`n${i}`, payer.publicKey)));
  const all = await connection.getSignaturesForAddress(to);
  assert.deepEqual(
    all.map(({ signature }) => signature),
    sent,
  );
  assert.equal(all[0]?.memo, "[2] n4");
  const page = await connection.getSignaturesForAddress(to, {
    before: sent[1]!,
    until: sent[4]!,
    limit: 2,
  });
  assert.deepEqual(
    page.map(({ signature }) => signature),
    [sent[2], sent[3]],
  );
  assert.deepEqual(await connection.getSignaturesForAddress(to, {}, "finalized"), []);
});
