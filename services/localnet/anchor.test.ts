import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import anchor, { AnchorError, AnchorProvider, type Idl, Program } from "@coral-xyz/anchor";
import { Keypair, LAMPORTS_PER_SOL, SystemProgram, Transaction } from "@solana/web3.js";
import { startTestNode } from "./testing/test-node.ts";

const PROGRAMS = join(import.meta.dirname, "../../programs");

test("Anchor's provider sends, simulates and reads the errors of the Plenary program", async (t) => {
  // The description lies beside the program that it was built with.
  const idl = JSON.parse(readFileSync(join(PROGRAMS, "plenary.json"), "utf8")) as Idl;
  const programs = [{ address: idl.address, path: join(PROGRAMS, "plenary.so") }];
  const { connection, funded } = await startTestNode(t, { programs });
  const payer = await funded();
  const provider = new AnchorProvider(connection, new anchor.Wallet(payer), {
    commitment: "confirmed",
  });
  const to = Keypair.generate().publicKey;
  const transfer = new Transaction().add(
    SystemProgram.transfer({
      fromPubkey: payer.publicKey,
      toPubkey: to,
      lamports: LAMPORTS_PER_SOL,
    }),
  );
  const simulated = await provider.simulate(transfer);
  assert.ok(simulated.logs?.some((line) => line.includes("success")));
  await provider.sendAndConfirm(transfer);
  assert.equal(await connection.getBalance(to), LAMPORTS_PER_SOL);

  const program = new Program(idl, provider);
  assert.equal(program.programId.toBase58(), idl.address);
  const method = program.methods.federationPause;
  assert.ok(method !== undefined);
  const pause = method({ paused: true }).accountsPartial({
    authority: payer.publicKey,
    federation: payer.publicKey,
  });
  await assert.rejects(pause.rpc(), (error) => {
    assert.ok(error instanceof AnchorError);
    assert.equal(error.error.errorCode.code, "AccountOwnedByWrongProgram");
    return true;
  });
});
