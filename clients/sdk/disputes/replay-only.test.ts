import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Proof, PUBLIC_BLOBS, REGISTRIES } from "@plenary/algorithms";
import { fromBase58 } from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import {
  CUSTOM,
  createChainFederation,
  FEDAVG,
  startChain,
  type TestChain,
} from "../../../testing/index.ts";
import { joinFederation } from "../membership/index.ts";
import { isDisputable, needsChunk, openBlobSource } from "../verification/index.ts";
import { disputeFinding } from "./index.ts";

let chain: TestChain;

before(async () => {
  chain = await startChain();
});

after(() => chain.stop());

const PROOFS: readonly Proof[] = [
  { kind: "chunk", chunk: 0 },
  { kind: "leaf", index: 0 },
  { kind: "shortfall", member: Keypair.generate().publicKey.toBase58() },
  { kind: "overpay" },
  ...PUBLIC_BLOBS.map((blob) => ({ kind: "withheld", blob, chunk: 0 }) as const),
  { kind: "not-provable", why: "It is not." },
];

test("only what the program would have to compute is beyond dispute in a replay-only round", () => {
  const refused = PROOFS.filter((proof) => !isDisputable(proof, CUSTOM));
  assert.deepEqual(
    refused.map(({ kind }) => kind).filter((kind) => kind !== "withheld"),
    ["chunk", "not-provable"],
  );
  const blobs = refused.flatMap((proof) => (proof.kind === "withheld" ? [proof.blob] : []));
  assert.deepEqual(
    blobs,
    PUBLIC_BLOBS.filter((blob) => blob !== "rewards leaves"),
  );
  for (const proof of PROOFS)
    assert.equal(isDisputable(proof, FEDAVG), proof.kind !== "not-provable");
});

test("joining says that rounds are replay-only, and a dispute is refused before it is sent", async () => {
  const federation = await createChainFederation(
    chain,
    { challengeWindow: 600, exitCooldown: 600, rewardPerRound: 0n },
    CUSTOM,
  );
  const { connection } = federation;
  const member = Keypair.generate();
  await federation.equip(member.publicKey, 1_000n);
  const joined = await joinFederation(federation, { keypair: member });
  assert.equal(joined.rules.provable, false);
  await federation.openRound();
  await federation.commitRound();
  const genesisHash = fromBase58(await connection.getGenesisHash());
  const blobs = openBlobSource("/nowhere");
  const verifier = { ...federation, genesisHash, blobs, registries: REGISTRIES };
  const balance = () => connection.getBalance(member.publicKey, "confirmed");
  const before = await balance();
  for (const proof of PROOFS.filter(needsChunk))
    await assert.rejects(disputeFinding(verifier, { challenger: member, round: 1n, proof }), {
      code: "invalid-input",
      message: /Round 1 is replay-only/,
    });
  assert.equal(await balance(), before);
});
