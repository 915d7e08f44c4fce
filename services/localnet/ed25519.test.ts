import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  Ed25519Program,
  PublicKey,
  TransactionMessage,
  VersionedTransaction,
} from "@solana/web3.js";
import { startTestNode } from "./testing/test-node.ts";

interface Case {
  readonly message: string;
  readonly key: string;
  readonly signature: string;
  readonly valid: boolean;
}

test("Solana's ed25519 program gives the answers of the hostile signatures' vectors", async (t) => {
  const file = new URL("../../test/vectors/signatures.json", import.meta.url);
  const cases = (JSON.parse(readFileSync(file, "utf8")) as Case[]).filter(
    ({ key, signature }) => key.length === 64 && signature.length === 128,
  );
  const { connection, funded } = await startTestNode(t);
  const payer = await funded();
  const { blockhash } = await connection.getLatestBlockhash();
  const answers = { valid: 0, refused: 0 };
  for (const { message, key, signature, valid } of cases) {
    const instruction = Ed25519Program.createInstructionWithPublicKey({
      publicKey: new PublicKey(Buffer.from(key, "hex")).toBytes(),
      message: Buffer.from(message, "hex"),
      signature: Buffer.from(signature, "hex"),
    });
    const transaction = new VersionedTransaction(
      new TransactionMessage({
        payerKey: payer.publicKey,
        recentBlockhash: blockhash,
        instructions: [instruction],
      }).compileToV0Message(),
    );
    const { value } = await connection.simulateTransaction(transaction);
    assert.equal(value.err === null, valid, `${signature} by ${key}: ${JSON.stringify(value.err)}`);
    answers[valid ? "valid" : "refused"] += 1;
  }
  assert.ok(answers.valid > 10 && answers.refused > 100);
});
