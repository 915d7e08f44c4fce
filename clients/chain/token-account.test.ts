import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccountInfo, Connection, Keypair, PublicKey } from "@solana/web3.js";
import { Buffer } from "buffer";
import fc from "fast-check";
import { readTokenAccount, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from "./index.ts";

/** A connection to a chain that has one account. */
function holding(owner: PublicKey, data: Uint8Array): Connection {
  const connection = new Connection("http://127.0.0.1:9");
  const account: AccountInfo<Buffer> = {
    owner,
    data: Buffer.from(data),
    executable: false,
    lamports: 1,
  };
  connection.getAccountInfo = async () => account;
  return connection;
}

const [mint, holder] = [Keypair.generate().publicKey, Keypair.generate().publicKey];
const address = Keypair.generate().publicKey;

function bytesOf(amount: bigint, state: number, length = 165): Uint8Array {
  const data = new Uint8Array(length);
  data.set(mint.toBytes());
  data.set(holder.toBytes(), 32);
  new DataView(data.buffer).setBigUint64(64, amount, true);
  data[108] = state;
  return data;
}

test("an account of either token program is read, with extensions or without, thawed or frozen", async () => {
  const extended = bytesOf(7n, 2, 200);
  extended[165] = 2;
  for (const [program, data, amount, frozen] of [
    [TOKEN_PROGRAM, bytesOf(2n ** 64n - 1n, 1), 2n ** 64n - 1n, false],
    [TOKEN_2022_PROGRAM, bytesOf(0n, 1), 0n, false],
    [TOKEN_2022_PROGRAM, extended, 7n, true],
  ] as const) {
    const account = await readTokenAccount(holding(program, data), address);
    assert.deepEqual(account, { address, program, mint, owner: holder, amount, frozen });
  }
});

test("mints, multisignatures, uninitialized accounts and other programs' are not token accounts", async () => {
  const mintOf2022 = bytesOf(1n, 1, 200);
  mintOf2022[165] = 1;
  for (const [program, data] of [
    [TOKEN_PROGRAM, new Uint8Array(82)],
    [TOKEN_PROGRAM, bytesOf(1n, 1, 355)],
    [TOKEN_PROGRAM, bytesOf(1n, 0)],
    [TOKEN_2022_PROGRAM, mintOf2022],
    [PublicKey.default, bytesOf(1n, 1)],
  ] as const)
    assert.equal(await readTokenAccount(holding(program, data), address), null);
});

test("any bytes are read or refused, without an error", async () => {
  const program = fc.constantFrom(TOKEN_PROGRAM, TOKEN_2022_PROGRAM, PublicKey.default);
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.uint8Array({ minLength: 165, maxLength: 166 }),
  );
  await fc.assert(
    fc.asyncProperty(program, data, async (owner, bytes) => {
      const account = await readTokenAccount(holding(owner, bytes), address);
      if (account === null) return;
      assert.ok(bytes.length >= 165 && !owner.equals(PublicKey.default));
      assert.deepEqual(account.mint.toBytes(), bytes.slice(0, 32));
    }),
  );
});
