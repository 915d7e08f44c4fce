import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  AddressLookupTableProgram,
  ComputeBudgetProgram,
  Keypair,
  LAMPORTS_PER_SOL,
  PublicKey,
  SendTransactionError,
  SYSVAR_CLOCK_PUBKEY,
  SYSVAR_SLOT_HASHES_PUBKEY,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from "@solana/web3.js";
import bs58 from "bs58";
import { call, post, startTestNode } from "./testing/test-node.ts";

const MEMO = new PublicKey("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");

function transfer(from: Keypair, to: PublicKey, lamports: number) {
  return SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports });
}

function memo(text: string, signer: PublicKey) {
  const keys = [{ pubkey: signer, isSigner: true, isWritable: false }];
  return new TransactionInstruction({ programId: MEMO, keys, data: Buffer.from(text) });
}

async function setUp(t: TestContext) {
  const env = await startTestNode(t);
  const payer = await env.funded();
  const to = Keypair.generate().publicKey;
  const send = (...instructions: TransactionInstruction[]) =>
    sendAndConfirmTransaction(env.connection, new Transaction().add(...instructions), [payer]);
  return { ...env, payer, to, send };
}

test("a legacy transaction is confirmed, charged, and found again with its logs and balances", async (t) => {
  const { connection, payer, to, send, advance } = await setUp(t);
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
  const { connection, payer, to, send, advance } = await setUp(t);
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
  const { connection, payer, to } = await setUp(t);
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
  const { connection, node, payer, to } = await setUp(t);
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
  assert.deepEqual(pick(await send(good)), {
    code: -32002,
    message: "Transaction simulation failed: This transaction has already been processed",
    err: "AlreadyProcessed",
  });
  assert.deepEqual(await send(good, { skipPreflight: true }), first);
  assert.deepEqual(pick(await send(encode(make(Keypair.generate().publicKey.toBase58())))), {
    code: -32002,
    message: "Transaction simulation failed: Blockhash not found",
    err: "BlockhashNotFound",
  });
  const forged = make(blockhash, 2_000_000);
  const signature = forged.signatures[0]?.signature;
  assert.ok(signature);
  signature[0] = signature[0]! ^ 1;
  assert.deepEqual(pick(await send(encode(forged))), {
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
  assert.equal(pick(await send(encode(poor))).err, "AccountNotFound");
});

function pick(response: unknown) {
  assert.ok(
    typeof response === "object" && response !== null && "error" in response,
    JSON.stringify(response),
  );
  const { error } = response;
  assert.ok(typeof error === "object" && error !== null && "code" in error && "message" in error);
  const data =
    "data" in error && typeof error.data === "object" && error.data !== null ? error.data : {};
  return { code: error.code, message: error.message, err: "err" in data ? data.err : undefined };
}

test("a blockhash serves for 150 slots and is then refused", async (t) => {
  const { connection, payer, to, advance } = await setUp(t);
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
  const { connection, payer, to, send, advance, clock } = await setUp(t);
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

test("simulation reports logs, units, accounts and errors and changes nothing", async (t) => {
  const { connection, payer, to } = await setUp(t);
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
  const { connection, payer, to } = await setUp(t);
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

test("signatures of an address come newest first, in pages, with memos and errors", async (t) => {
  const { connection, payer, to, send } = await setUp(t);
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

test("airdrops: repeated ones have signatures of their own", async (t) => {
  const { connection } = await startTestNode(t);
  const to = Keypair.generate().publicKey;
  const signatures = new Set<string>();
  for (let i = 0; i < 5; i++) signatures.add(await connection.requestAirdrop(to, LAMPORTS_PER_SOL));
  assert.equal(signatures.size, 5);
  assert.equal(await connection.getBalance(to), 5 * LAMPORTS_PER_SOL);
});

test("program accounts are filtered by size and content, and sliced", async (t) => {
  const { connection, payer } = await setUp(t);
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
  const { node, payer, advance } = await setUp(t);
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
  assert.equal(pick(sysvar).code, -32600);
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
  assert.equal(pick(await post(url, "[]")).code, -32600);
  assert.equal(pick(await post(url, '{"id":1,"method":"getHealth"}')).code, -32600);
  const named = await call(url, "getBalance", ["tooshort"]);
  assert.match(String(pick(named).message), /params\[0\] \(address\)/);
  assert.equal(pick(await call(url, "getBalance", ["0".repeat(40)])).code, -32602);
  const nested = await call(url, "getAccountInfo", [
    PublicKey.default.toBase58(),
    { encoding: "hex" },
  ]);
  assert.match(String(pick(nested).message), /params\[1\]\.encoding/);
  const late = await call(url, "getBalance", [
    PublicKey.default.toBase58(),
    { minContextSlot: 1e9 },
  ]);
  assert.equal(pick(late).code, -32016);

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
