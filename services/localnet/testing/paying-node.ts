import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  Keypair,
  PublicKey,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
  TransactionInstruction,
} from "@solana/web3.js";
import { startTestNode } from "./test-node.ts";

const MEMO = new PublicKey("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");

export function transfer(from: Keypair, to: PublicKey, lamports: number): TransactionInstruction {
  return SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports });
}

export function memo(text: string, signer: PublicKey): TransactionInstruction {
  const keys = [{ pubkey: signer, isSigner: true, isWritable: false }];
  return new TransactionInstruction({ programId: MEMO, keys, data: Buffer.from(text) });
}

/** A node with an account that pays, an address to pay to, and a way to send. */
export async function startPayingNode(t: TestContext) {
  const env = await startTestNode(t);
  const payer = await env.funded();
  const to = Keypair.generate().publicKey;
  const send = (...instructions: TransactionInstruction[]) =>
    sendAndConfirmTransaction(env.connection, new Transaction().add(...instructions), [payer]);
  return { ...env, payer, to, send };
}

/** The error of a JSON-RPC response: code, message, and the transaction error in its data. */
export function errorOf(response: unknown) {
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
