/** The chain client's token instructions and accounts, compared with @solana/spl-token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MINT_LENGTH,
  mintCreate,
  mintTo,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  tokenAccountAddress,
  tokenAccountCreate,
} from "@plenary/chain";
import {
  createAssociatedTokenAccountIdempotentInstruction,
  createInitializeMint2Instruction,
  createMintToInstruction,
  getAssociatedTokenAddressSync,
  MINT_SIZE,
} from "@solana/spl-token";
import { PublicKey, SystemProgram } from "@solana/web3.js";
import fc from "fast-check";

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => new PublicKey(bytes));
const input = fc.record({
  payer: key,
  mint: key,
  // An associated token account belongs to a key on the curve; any bytes derive an address.
  owner: key,
  authority: key,
  destination: key,
  tokenProgram: fc.constantFrom(TOKEN_PROGRAM, TOKEN_2022_PROGRAM),
  decimals: fc.nat(255),
  amount: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  rent: fc.nat(),
});

test("instructions have the bytes and the accounts of the token library's", () => {
  fc.assert(
    fc.property(input, (given) => {
      const { payer, mint, owner, authority, destination, tokenProgram } = given;
      const account = tokenAccountAddress(mint, owner, tokenProgram);
      assert.deepEqual(account, getAssociatedTokenAddressSync(mint, owner, true, tokenProgram));
      assert.deepEqual(tokenAccountCreate(given), [
        createAssociatedTokenAccountIdempotentInstruction(
          payer,
          account,
          owner,
          mint,
          tokenProgram,
        ),
      ]);
      assert.deepEqual(mintTo(given), [
        createMintToInstruction(mint, destination, authority, given.amount, [], tokenProgram),
      ]);
      assert.deepEqual(mintCreate(given), [
        SystemProgram.createAccount({
          fromPubkey: payer,
          newAccountPubkey: mint,
          lamports: given.rent,
          space: MINT_SIZE,
          programId: tokenProgram,
        }),
        createInitializeMint2Instruction(mint, given.decimals, authority, null, tokenProgram),
      ]);
      assert.equal(MINT_LENGTH, MINT_SIZE);
    }),
  );
});
