import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddressLookupTableProgram,
  ComputeBudgetProgram,
  Keypair,
  LAMPORTS_PER_SOL,
  SendTransactionError,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
  TransactionMessage,
  VersionedTransaction,
} from "@solana/web3.js";
import bs58 from "bs58";
import { errorOf, memo, startPayingNode, transfer } from "./testing/paying-node.ts";
import { call } from "./testing/test-node.ts";

test("a legacy transaction is confirmed, charged, and found again with its logs and balances", async (t) => {
  const { connection, payer, to, send, advance } = await startPayingNode(t);
  const before = await connection.getBalance(payer.publicKey);
  const signature = await send(
    transfer(payer, to, LAMPORTS_PER_SOL),
    memo("hello", payer.publicKey),
  );
  assert.equal(await connection.getBalance(to), LAMPORTS_PER_SOL);
  assert.equal(await connection.getBalance(payer.publicKey), before - LAMPORTS_PER_SOL - 5000);

  const found = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  assert.ok(found?.meta);
  assert.ok(found.meta.logMessages?.some((line) => line.includes("hello")));
  assert.equal(found.meta.err, null);
  assert.equal(found.meta.fee, 5000);
  const toIndex = found.transaction.message.staticAccountKeys.findIndex((key) => key.equals(to));
  assert.equal(found.meta.preBalances[toIndex], 0);
  assert.equal(found.meta.postBalances[toIndex], LAMPORTS_PER_SOL);

  const statuses = await connection.getSignatureStatuses([
    signature,
    bs58.encode(new Uint8Array(64).fill(7)),
  ]);
  assert.equal(statuses.value[0]?.confirmationStatus, "confirmed");
  assert.equal(statuses.value[1], null);
  advance(1);
  const later = await connection.getSignatureStatus(signature);
  assert.equal(later.value?.confirmationStatus, "finalized");
  assert.equal(later.value.confirmations, null);

  const parsed = await connection.getParsedTransaction(signature, {
    maxSupportedTransactionVersion: 0,
  });
  const kinds = parsed?.transaction.message.instructions.map((item) =>
    "program" in item ? item.program : "",
  );
  assert.deepEqual(kinds, ["system", "spl-memo"]);
});

test("a version 0 transaction runs, its accounts found through an address table", async (t) => {
  const { connection, payer, to, send, advance } = await startPayingNode(t);
  advance(2);
  const [create, table] = AddressLookupTableProgram.createLookupTable({
    authority: payer.publicKey,
    payer: payer.publicKey,
    recentSlot: (await connection.getSlot("confirmed")) - 1,
  });
  const extend = AddressLookupTableProgram.extendLookupTable({
    payer: payer.publicKey,
    authority: payer.publicKey,
    lookupTable: table,
    addresses: [to],
  });
  await send(create, extend);
  // Addresses that a slot adds to a table can be used from the next slot on.
  advance(1);
  const lookup = await connection.getAddressLookupTable(table);
  const tableAccount = lookup.value;
  assert.ok(tableAccount);
  assert.ok(tableAccount.state.addresses[0]?.equals(to));
  const latest = await connection.getLatestBlockhash();
  const message = new TransactionMessage({
    payerKey: payer.publicKey,
    recentBlockhash: latest.blockhash,
    instructions: [transfer(payer, to, LAMPORTS_PER_SOL)],
  }).compileToV0Message([tableAccount]);
  assert.equal(message.addressTableLookups.length, 1);
  const transaction = new VersionedTransaction(message);
  transaction.sign([payer]);
  const signature = await connection.sendTransaction(transaction);
  await connection.confirmTransaction({ signature, ...latest });
  assert.equal(await connection.getBalance(to), LAMPORTS_PER_SOL);
  const found = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  assert.deepEqual(found?.meta?.loadedAddresses?.writable, [to]);
  assert.equal((await connection.getSignaturesForAddress(to))[0]?.signature, signature);
  await assert.rejects(connection.getTransaction(signature, {}), /maxSupportedTransactionVersion/);
});

test("a transaction that would fail is refused with its logs and costs nothing; without preflight it is processed and pays", async (t) => {
  const { connection, payer, to } = await startPayingNode(t);
  const before = await connection.getBalance(payer.publicKey);
  const latest = await connection.getLatestBlockhash();
  const transaction = new Transaction({ ...latest, feePayer: payer.publicKey });
  transaction.add(transfer(payer, to, 900 * LAMPORTS_PER_SOL));
  transaction.sign(payer);
  const raw = transaction.serialize();
  const wrong = await connection.sendRawTransaction(raw).catch((error: unknown) => error);
  assert.ok(wrong instanceof SendTransactionError);
  assert.match(wrong.message, /Error processing Instruction 0: custom program error: 0x1/);
  assert.ok(wrong.logs?.some((line) => line.includes("insufficient lamports")));
  assert.equal(await connection.getBalance(payer.publicKey), before);

  const signature = await connection.sendRawTransaction(raw, { skipPreflight: true });
  const confirmed = await connection.confirmTransaction({ signature, ...latest });
  assert.deepEqual(confirmed.value.err, { InstructionError: [0, { Custom: 1 }] });
  assert.equal(await connection.getBalance(payer.publicKey), before - 5000);
  const found = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  assert.deepEqual(found?.meta?.err, { InstructionError: [0, { Custom: 1 }] });
});

test("preflight failures carry code -32002 and the error's data, signature failures -32003", async (t) => {
  const { connection, node, payer, to } = await startPayingNode(t);
  const { blockhash } = await connection.getLatestBlockhash();
  const encode = (transaction: Transaction) =>
    transaction.serialize({ verifySignatures: false }).toString("base64");
  const make = (recentBlockhash: string, lamports = 1_000_000) => {
    const transaction = new Transaction({ recentBlockhash, feePayer: payer.publicKey } as never);
    transaction.recentBlockhash = recentBlockhash;
    transaction.add(transfer(payer, to, lamports));
    transaction.sign(payer);
    return transaction;
  };
  const send = (raw: string, config = {}) =>
    call(node.rpcUrl, "sendTransaction", [raw, { encoding: "base64", ...config }]);

  const good = encode(make(blockhash));
  const first = await send(good);
  assert.ok(typeof first === "object" && first !== null && "result" in first);
  assert.deepEqual(errorOf(await send(good)), {
    code: -32002,
    message: "Transaction simulation failed: This transaction has already been processed",
    err: "AlreadyProcessed",
  });
  assert.deepEqual(await send(good, { skipPreflight: true }), first);
  assert.deepEqual(errorOf(await send(encode(make(Keypair.generate().publicKey.toBase58())))), {
    code: -32002,
    message: "Transaction simulation failed: Blockhash not found",
    err: "BlockhashNotFound",
  });
  const forged = make(blockhash, 2_000_000);
  const signature = forged.signatures[0]?.signature;
  assert.ok(signature);
  signature[0] = signature[0]! ^ 1;
  assert.deepEqual(errorOf(await send(encode(forged))), {
    code: -32003,
    message: "Transaction signature verification failure",
    err: undefined,
  });
  const stranger = Keypair.generate();
  const poor = new Transaction({
    blockhash,
    lastValidBlockHeight: 1,
    feePayer: stranger.publicKey,
  });
  poor.add(transfer(stranger, to, 1));
  poor.sign(stranger);
  assert.equal(errorOf(await send(encode(poor))).err, "AccountNotFound");
});

test("simulation reports logs, units, accounts and errors and changes nothing", async (t) => {
  const { connection, payer, to } = await startPayingNode(t);
  const before = await connection.getBalance(payer.publicKey);
  const { blockhash } = await connection.getLatestBlockhash();
  const make = (lamports: number, recentBlockhash: string) =>
    new VersionedTransaction(
      new TransactionMessage({
        payerKey: payer.publicKey,
        recentBlockhash,
        instructions: [transfer(payer, to, lamports)],
      }).compileToV0Message(),
    );
  const good = await connection.simulateTransaction(make(LAMPORTS_PER_SOL, blockhash), {
    accounts: { encoding: "base64", addresses: [to.toBase58()] },
  });
  assert.equal(good.value.err, null);
  assert.equal(good.value.unitsConsumed, 150);
  assert.equal(good.value.accounts?.[0]?.lamports, LAMPORTS_PER_SOL);
  const bad = await connection.simulateTransaction(make(900 * LAMPORTS_PER_SOL, blockhash));
  assert.deepEqual(bad.value.err, { InstructionError: [0, { Custom: 1 }] });
  const stale = Keypair.generate().publicKey.toBase58();
  assert.equal(
    (await connection.simulateTransaction(make(1_000_000, stale))).value.err,
    "BlockhashNotFound",
  );
  const replaced = await connection.simulateTransaction(make(1_000_000, stale), {
    replaceRecentBlockhash: true,
  });
  assert.equal(replaced.value.err, null);
  await assert.rejects(
    connection.simulateTransaction(make(1_000_000, blockhash), { sigVerify: true }),
    /signature verification failure/,
  );
  assert.equal(await connection.getBalance(payer.publicKey), before);
  assert.equal(await connection.getAccountInfo(to), null);
});

test("fees: what getFeeForMessage announces is what the payer is charged", async (t) => {
  const { connection, payer, to } = await startPayingNode(t);
  const cases = [
    [transfer(payer, to, 1_000_000)],
    [
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1_234_567 }),
      transfer(payer, to, 1_000_000),
    ],
    [
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 77_777 }),
      ComputeBudgetProgram.setComputeUnitLimit({ units: 123_456 }),
      transfer(payer, to, 1_000_000),
      memo("x", payer.publicKey),
    ],
    [ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 10 }), memo("y", payer.publicKey)],
    [
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 5 }),
      ...Array.from({ length: 9 }, () => memo("z", payer.publicKey)),
    ],
  ];
  for (const instructions of cases) {
    const latest = await connection.getLatestBlockhash();
    const transaction = new Transaction({ ...latest, feePayer: payer.publicKey }).add(
      ...instructions,
    );
    const announced = (await connection.getFeeForMessage(transaction.compileMessage())).value;
    const sent = await sendAndConfirmTransaction(connection, transaction, [payer]);
    const found = await connection.getTransaction(sent, { maxSupportedTransactionVersion: 0 });
    assert.ok(found?.meta);
    const moved = instructions.some((item) => item.programId.equals(SystemProgram.programId))
      ? 1_000_000
      : 0;
    assert.equal(found.meta.preBalances[0]! - found.meta.postBalances[0]! - moved, announced);
    assert.equal(found.meta.fee, announced);
  }
});
