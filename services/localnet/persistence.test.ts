import assert from "node:assert/strict";
import { cpSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  createMint,
  getAccount,
  getOrCreateAssociatedTokenAccount,
  mintTo,
} from "@solana/spl-token";
import {
  Keypair,
  PublicKey,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
  TransactionInstruction,
} from "@solana/web3.js";
import { startTestNode, temporaryFolder } from "./testing/test-node.ts";

const PROGRAM = join(import.meta.dirname, "../../programs/plenary.so");

test("after a restart accounts, history, blockhashes and duplicates are as before", async (t) => {
  const ledger = temporaryFolder();
  const first = await startTestNode(t, { ledger, segmentBytes: 20_000 });
  const payer = await first.funded();
  const mint = await createMint(first.connection, payer, payer.publicKey, null, 6);
  const account = await getOrCreateAssociatedTokenAccount(
    first.connection,
    payer,
    mint,
    payer.publicKey,
  );
  const to = Keypair.generate().publicKey;
  const signatures = [];
  for (let i = 0; i < 40; i++) {
    signatures.unshift(
      await mintTo(first.connection, payer, mint, account.address, payer, 1_000 + i),
    );
    first.advance(1);
  }
  const latest = await first.connection.getLatestBlockhash();
  const raws = [1_000_000, 1_000_001].map((lamports) => {
    const transaction = new Transaction({ ...latest, feePayer: payer.publicKey });
    transaction.add(
      SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports }),
    );
    transaction.sign(payer);
    return transaction.serialize();
  });
  await first.connection.sendRawTransaction(raws[0]!);
  const genesisHash = await first.connection.getGenesisHash();
  const before = await first.connection.getAccountInfo(account.address);
  const found = await first.connection.getTransaction(signatures[5]!, {
    maxSupportedTransactionVersion: 0,
  });
  const slot = await first.connection.getSlot("confirmed");
  await first.node.close();

  const { connection, advance } = await startTestNode(
    t,
    { ledger, segmentBytes: 20_000 },
    first.clock,
  );
  assert.equal(await connection.getGenesisHash(), genesisHash);
  assert.ok((await connection.getSlot("confirmed")) > slot);
  assert.deepEqual(await connection.getAccountInfo(account.address), before);
  assert.equal((await getAccount(connection, account.address)).amount, 40n * 1_000n + 780n);
  assert.deepEqual(
    await connection.getTransaction(signatures[5]!, { maxSupportedTransactionVersion: 0 }),
    found,
  );
  const listed = await connection.getSignaturesForAddress(account.address);
  assert.deepEqual(
    listed.slice(0, 40).map(({ signature }) => signature),
    signatures,
  );
  await assert.rejects(connection.sendRawTransaction(raws[0]!), /already been processed/);
  await connection.sendRawTransaction(raws[1]!);
  assert.equal(await connection.getBalance(to), 2_000_001);
  advance(1);
  assert.equal(
    (await connection.getBlock(slot, { maxSupportedTransactionVersion: 0 }))?.transactions.length,
    1,
  );
});

test("wherever its last record was torn, a ledger opens with all the others", async (t) => {
  const ledger = temporaryFolder();
  const first = await startTestNode(t, { ledger });
  const to = Keypair.generate().publicKey;
  const lengths = [];
  const journal = join(ledger, "journal-1");
  for (let i = 0; i < 3; i++) {
    await first.connection.requestAirdrop(to, 1_000_000);
    lengths.push(statSync(journal).size);
  }
  await first.node.close();
  const [, whole = 0, end = 0] = lengths;
  for (let cut = whole + 1; cut < end; cut += Math.ceil((end - whole) / 12)) {
    const copy = temporaryFolder();
    cpSync(ledger, copy, { recursive: true });
    truncateSync(join(copy, "journal-1"), cut);
    const { connection, node } = await startTestNode(t, { ledger: copy }, first.clock);
    assert.equal(node.tornBytes, cut - whole);
    assert.equal(await connection.getBalance(to), 2_000_000);
    assert.equal(await connection.getTransactionCount(), 2);
    await connection.requestAirdrop(to, 1_000_000);
    await node.close();
    const again = await startTestNode(t, { ledger: copy }, first.clock);
    assert.equal(await again.connection.getBalance(to), 3_000_000);
    await again.node.close();
  }
});

test("time without the node counts: blockhashes expire, and a clock set back does not turn slots back", async (t) => {
  const ledger = temporaryFolder();
  const first = await startTestNode(t, { ledger });
  const { blockhash } = await first.connection.getLatestBlockhash();
  const payer = await first.funded();
  const slot = await first.connection.getSlot("confirmed");
  await first.node.close();
  first.clock.advanceSlots(-1000);
  const second = await startTestNode(t, { ledger }, first.clock);
  assert.ok((await second.connection.getSlot("confirmed")) > slot);
  assert.equal((await second.connection.isBlockhashValid(blockhash)).value, true);
  assert.equal(await second.connection.getBalance(payer.publicKey), 10_000_000_000);
  await second.node.close();
  first.clock.advanceSlots(1200);
  const third = await startTestNode(t, { ledger }, first.clock);
  assert.equal((await third.connection.isBlockhashValid(blockhash)).value, false);
});

test("history is bounded, and what it forgot is said to be gone", async (t) => {
  const ledger = temporaryFolder();
  const limits = { ledger, historyBytes: 60_000, segmentBytes: 10_000 };
  const first = await startTestNode(t, limits);
  const to = Keypair.generate().publicKey;
  const signatures: string[] = [];
  for (let i = 0; i < 120; i++) {
    signatures.push(await first.connection.requestAirdrop(to, 1_000_000));
    first.advance(5);
  }
  const check = async ({ connection }: typeof first) => {
    const known = await connection.getSignaturesForAddress(to);
    assert.ok(known.length > 10 && known.length < 120, `${known.length}`);
    assert.equal(known[0]?.signature, signatures.at(-1));
    assert.equal((await connection.getSignatureStatus(signatures[0]!)).value, null);
    assert.equal(await connection.getTransactionCount(), 120);
    await assert.rejects(
      connection.getBlock(1, { maxSupportedTransactionVersion: 0 }),
      /cleaned up/,
    );
    assert.equal(await connection.getFirstAvailableBlock(), known.at(-1)!.slot + 1);
  };
  await check(first);
  await first.node.close();
  await check(await startTestNode(t, limits, first.clock));
});

test("a program that is given at the start runs, survives, and is replaced when its file changes", async (t) => {
  const ledger = temporaryFolder();
  const address = Keypair.generate().publicKey.toBase58();
  const programs = [{ address, path: PROGRAM }];
  const first = await startTestNode(t, { ledger, programs });
  assert.deepEqual(first.node.bank.deployed, [address]);
  assert.equal((await first.connection.getAccountInfo(new PublicKey(address)))?.executable, true);
  const payer = await first.funded();
  const instruction = new TransactionInstruction({ programId: new PublicKey(address), keys: [] });
  const runs = (env: typeof first) =>
    assert.rejects(
      sendAndConfirmTransaction(env.connection, new Transaction().add(instruction), [payer]),
      (error: Error) => {
        // The program itself refuses: its own declared address is another.
        assert.match(error.message, /custom program error: 0x/);
        return true;
      },
    );
  await runs(first);
  await first.node.close();
  const second = await startTestNode(t, { ledger, programs }, first.clock);
  assert.deepEqual(second.node.bank.deployed, []);
  await runs(second);
  await second.node.close();
  const memo = { address: "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", path: PROGRAM };
  const third = await startTestNode(t, { ledger, programs: [memo] }, first.clock);
  assert.deepEqual(third.node.bank.deployed, [memo.address]);
  await assert.rejects(startTestNode(t, { programs: [{ address, path: `${PROGRAM}.missing` }] }), {
    code: "program-unreadable",
  });
  await assert.rejects(startTestNode(t, { programs: [{ address, path: import.meta.filename }] }), {
    code: "program-unreadable",
  });
});
