/** What the chain client says of payers that cannot pay for what they send. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LAMPORTS_PER_SIGNATURE,
  lamportsNeeded,
  requireLamports,
  sendTransaction,
} from "@plenary/chain";
import { Keypair, LAMPORTS_PER_SOL, SystemProgram } from "@solana/web3.js";
import { startTestNode } from "./testing/test-node.ts";

const SPACE = 165;

test("a payer without SOL is told what it holds and what it needs", async (t) => {
  const { connection } = await startTestNode(t);
  const poor = Keypair.generate();
  const transfer = SystemProgram.transfer({
    fromPubkey: poor.publicKey,
    toPubkey: Keypair.generate().publicKey,
    lamports: 1,
  });
  await assert.rejects(sendTransaction(connection, [transfer], [poor]), {
    code: "insufficient-funds",
    message: `${poor.publicKey} has no SOL, and pays this transaction's fee and rent: send it at least 0.00089588 SOL.`,
  });
});

test("a payer that cannot pay an account's rent is told what it holds and what it needs", async (t) => {
  const { connection, funded } = await startTestNode(t);
  const held = 1_000_000;
  const poor = await funded(held / LAMPORTS_PER_SOL);
  const made = Keypair.generate();
  const rent = await connection.getMinimumBalanceForRentExemption(SPACE);
  const create = SystemProgram.createAccount({
    fromPubkey: poor.publicKey,
    newAccountPubkey: made.publicKey,
    lamports: rent,
    space: SPACE,
    programId: SystemProgram.programId,
  });
  const needed = (rent + 2 * LAMPORTS_PER_SIGNATURE).toString();
  await assert.rejects(sendTransaction(connection, [create], [poor, made]), {
    code: "insufficient-funds",
    context: { account: poor.publicKey.toBase58(), held: held.toString(), needed },
  });
});

test("the lamports that fees and rent need are enough, and one less is not", async (t) => {
  const { connection, funded } = await startTestNode(t);
  const needs = { signatures: 1, accounts: [SPACE, 0] };
  const [rent, empty] = [
    await connection.getMinimumBalanceForRentExemption(SPACE),
    await connection.getMinimumBalanceForRentExemption(0),
  ];
  const needed = rent + 2 * empty + LAMPORTS_PER_SIGNATURE;
  assert.equal(await lamportsNeeded(connection, needs), BigInt(needed));
  const enough = await funded(needed / LAMPORTS_PER_SOL);
  await requireLamports(connection, enough.publicKey, needs);
  const short = await funded((needed - 1) / LAMPORTS_PER_SOL);
  await assert.rejects(requireLamports(connection, short.publicKey, needs), {
    code: "insufficient-funds",
    context: {
      account: short.publicKey.toBase58(),
      held: (needed - 1).toString(),
      needed: needed.toString(),
    },
  });
});
