import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Keypair,
  PublicKey,
  SYSVAR_CLOCK_PUBKEY,
  SYSVAR_RENT_PUBKEY,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
  TransactionInstruction,
} from "@solana/web3.js";
import { startTestNode, type TestNode, temporaryFolder } from "./testing/test-node.ts";

const LOADER = new PublicKey("BPFLoaderUpgradeab1e11111111111111111111111");
const MEMO = new PublicKey("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
const BUFFER_HEADER = 37;
const CHUNK = 900;

function loaderInstruction(
  kind: number,
  data: Uint8Array,
  keys: [PublicKey, "r" | "w" | "rs" | "ws"][],
) {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(kind);
  return new TransactionInstruction({
    programId: LOADER,
    data: Buffer.concat([head, data]),
    keys: keys.map(([pubkey, mode]) => ({
      pubkey,
      isWritable: mode.includes("w"),
      isSigner: mode.includes("s"),
    })),
  });
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Deploys `elf` as command-line tools do: a buffer, its writes, and the deployment. */
async function deploy({ connection }: TestNode, payer: Keypair, elf: Buffer): Promise<PublicKey> {
  const [buffer, program] = [Keypair.generate(), Keypair.generate()];
  const [programData] = PublicKey.findProgramAddressSync([program.publicKey.toBytes()], LOADER);
  const create = async (account: Keypair, space: number) =>
    SystemProgram.createAccount({
      fromPubkey: payer.publicKey,
      newAccountPubkey: account.publicKey,
      lamports: await connection.getMinimumBalanceForRentExemption(space),
      space,
      programId: LOADER,
    });
  const initialize = loaderInstruction(0, Buffer.alloc(0), [
    [buffer.publicKey, "w"],
    [payer.publicKey, "r"],
  ]);
  const begin = new Transaction().add(await create(buffer, BUFFER_HEADER + elf.length), initialize);
  await sendAndConfirmTransaction(connection, begin, [payer, buffer]);
  const latest = await connection.getLatestBlockhash();
  for (let offset = 0; offset < elf.length; offset += CHUNK) {
    const bytes = elf.subarray(offset, offset + CHUNK);
    const head = Buffer.alloc(12);
    head.writeUInt32LE(offset);
    head.writeBigUInt64LE(BigInt(bytes.length), 4);
    const write = loaderInstruction(1, Buffer.concat([head, bytes]), [
      [buffer.publicKey, "w"],
      [payer.publicKey, "rs"],
    ]);
    const transaction = new Transaction({ ...latest, feePayer: payer.publicKey }).add(write);
    transaction.sign(payer);
    await connection.sendRawTransaction(transaction.serialize(), { skipPreflight: true });
  }
  const install = loaderInstruction(2, u64(elf.length), [
    [payer.publicKey, "ws"],
    [programData, "w"],
    [program.publicKey, "w"],
    [buffer.publicKey, "w"],
    [SYSVAR_RENT_PUBKEY, "r"],
    [SYSVAR_CLOCK_PUBKEY, "r"],
    [SystemProgram.programId, "r"],
    [payer.publicKey, "rs"],
  ]);
  const end = new Transaction().add(await create(program, 36), install);
  await sendAndConfirmTransaction(connection, end, [payer, program]);
  return program.publicKey;
}

test("a program that a client deploys runs from the next slot on, and after a restart from the journal", async (t) => {
  const ledger = temporaryFolder();
  const first = await startTestNode(t, { ledger });
  first.advance(1);
  const payer = await first.funded(100);
  // The Memo program is owned by the older loader, whose accounts hold nothing but the code.
  const source = await first.connection.getAccountInfo(MEMO);
  assert.ok(source);
  const program = await deploy(first, payer, source.data);
  first.advance(1);
  const run = async ({ connection }: TestNode, text: string) => {
    const instruction = new TransactionInstruction({
      programId: program,
      keys: [],
      data: Buffer.from(text),
    });
    const signature = await sendAndConfirmTransaction(
      connection,
      new Transaction().add(instruction),
      [payer],
    );
    const found = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
    assert.ok(found?.meta?.logMessages?.some((line) => line.includes(text)));
  };
  await run(first, "before the restart");
  await first.node.close();
  const second = await startTestNode(t, { ledger }, first.clock);
  second.advance(1);
  await run(second, "after the restart");
});
