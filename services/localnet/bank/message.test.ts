import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddressLookupTableAccount,
  Keypair,
  PublicKey,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
  Message as Web3Message,
} from "@solana/web3.js";
import fc from "fast-check";
import { isWritable, MalformedTransactionError, parseTransaction } from "./message.ts";

const payer = Keypair.generate();
const address = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => new PublicKey(bytes));
const instruction = fc
  .record({
    programId: address,
    keys: fc.array(
      fc.record({ pubkey: address, isSigner: fc.constant(false), isWritable: fc.boolean() }),
      {
        maxLength: 6,
      },
    ),
    data: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  })
  .map((fields) => new TransactionInstruction(fields));
const transaction = fc
  .record({
    instructions: fc.array(instruction, { maxLength: 4 }),
    versioned: fc.boolean(),
    lookedUp: fc.nat(3),
  })
  .map(({ instructions, versioned, lookedUp }) => {
    const message = new TransactionMessage({
      payerKey: payer.publicKey,
      recentBlockhash: PublicKey.unique().toBase58(),
      instructions,
    });
    const table = new AddressLookupTableAccount({
      key: PublicKey.unique(),
      state: {
        deactivationSlot: 2n ** 64n - 1n,
        lastExtendedSlot: 0,
        lastExtendedSlotStartIndex: 0,
        addresses: instructions
          .flatMap(({ keys }) => keys.map(({ pubkey }) => pubkey))
          .slice(0, lookedUp),
      },
    });
    const signed = new VersionedTransaction(
      versioned ? message.compileToV0Message([table]) : message.compileToLegacyMessage(),
    );
    signed.sign([payer]);
    return signed;
  });

/**
 * web3.js does not serialise a transaction that is longer than a packet, and the node refuses it.
 */
const serialised = transaction.map((value) => ({ value, bytes: serialize(value) }));

function serialize(value: VersionedTransaction): Uint8Array {
  try {
    return value.serialize();
  } catch {
    return new Uint8Array();
  }
}

test("transactions that web3.js makes are read as web3.js reads them", () => {
  fc.assert(
    fc.property(serialised, ({ value, bytes }) => {
      fc.pre(bytes.length > 0);
      const parsed = parseTransaction(bytes);
      const { message } = value;
      assert.deepEqual(parsed.signatures, value.signatures);
      assert.equal(parsed.message.version, message.version);
      assert.deepEqual(
        parsed.message.keys.map((key) => new PublicKey(key).toBase58()),
        message.staticAccountKeys.map((key) => key.toBase58()),
      );
      assert.equal(
        new PublicKey(parsed.message.recentBlockhash).toBase58(),
        message.recentBlockhash,
      );
      assert.deepEqual(
        parsed.message.instructions.map(({ programIndex, accounts, data }) => [
          programIndex,
          [...accounts],
          [...data],
        ]),
        message.compiledInstructions.map((item) => [
          item.programIdIndex,
          item.accountKeyIndexes,
          [...item.data],
        ]),
      );
      assert.deepEqual(
        parsed.message.lookups.map(({ table, writable, readonly }) => [
          new PublicKey(table).toBase58(),
          [...writable],
          [...readonly],
        ]),
        message.addressTableLookups.map((lookup) => [
          lookup.accountKey.toBase58(),
          lookup.writableIndexes,
          lookup.readonlyIndexes,
        ]),
      );
      const count =
        parsed.message.keys.length +
        parsed.message.lookups.reduce(
          (sum, { writable, readonly }) => sum + writable.length + readonly.length,
          0,
        );
      for (let index = 0; index < count; index++)
        assert.equal(isWritable(parsed.message, index), message.isAccountWritable(index));
    }),
  );
});

test("cut anywhere, lengthened, or with a length written the long way, a transaction is refused", () => {
  fc.assert(
    fc.property(serialised, fc.nat(), ({ bytes }, place) => {
      fc.pre(bytes.length > 0);
      const cut = place % bytes.length;
      assert.throws(() => parseTransaction(bytes.subarray(0, cut)), MalformedTransactionError);
      assert.throws(
        () => parseTransaction(Buffer.concat([bytes, Uint8Array.of(0)])),
        MalformedTransactionError,
      );
      const long = Buffer.concat([Uint8Array.of(0x81, 0x00), bytes.subarray(1)]);
      assert.throws(() => parseTransaction(long), /canonical compact-u16/);
    }),
  );
});

test("headers and indices that make no sense are refused as nodes refuse them", () => {
  const key = PublicKey.unique().toBase58();
  const make = (header: [number, number, number], programIdIndex: number, accounts: number[]) => {
    const [numRequiredSignatures, numReadonlySignedAccounts, numReadonlyUnsignedAccounts] = header;
    const message = new Web3Message({
      header: { numRequiredSignatures, numReadonlySignedAccounts, numReadonlyUnsignedAccounts },
      accountKeys: [payer.publicKey.toBase58(), key],
      recentBlockhash: key,
      instructions: [{ programIdIndex, accounts, data: "" }],
    });
    const signatures = new Uint8Array(64 * numRequiredSignatures);
    return Buffer.concat([Uint8Array.of(numRequiredSignatures), signatures, message.serialize()]);
  };
  assert.equal(parseTransaction(make([1, 0, 1], 1, [0])).message.keys.length, 2);
  const wrong: [[number, number, number], number, number[]][] = [
    [[0, 0, 1], 1, [0]],
    [[1, 1, 1], 1, [0]],
    [[2, 0, 1], 1, [0]],
    [[1, 0, 1], 0, [0]],
    [[1, 0, 1], 2, [0]],
    [[1, 0, 1], 1, [2]],
  ];
  for (const args of wrong)
    assert.throws(() => parseTransaction(make(...args)), { code: "unsanitary" });
});
