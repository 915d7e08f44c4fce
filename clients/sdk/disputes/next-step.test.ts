import assert from "node:assert/strict";
import { test } from "node:test";
import { chunkProof, updateLeafProof } from "@plenary/algorithms";
import { type Dispute, IDL } from "@plenary/chain";
import { type RewardLeaf, sha256, type UpdateLeaf, vectorRoot } from "@plenary/protocol";
import { Keypair, PublicKey } from "@solana/web3.js";
import type { Evidence } from "./evidence.ts";
import { type DisputeStep, nextStep } from "./next-step.ts";

const PROGRAM = new PublicKey(IDL.address);
const NOW = 1_000n;
const PARAMETERS = 100;
const hash = (name: string) => sha256(new TextEncoder().encode(name));
const member = (first: number) => Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? first : 7));
const address = (first: number) => new PublicKey(member(first));

/** A dispute of chunk 1 that was just opened, two leaves long. */
function disputeOf(changes: Partial<Dispute> = {}): Dispute {
  return {
    address: Keypair.generate().publicKey,
    federation: address(1),
    round: address(2),
    challenger: Keypair.generate().publicKey,
    kind: "chunk",
    index: 1,
    stateVectors: 0,
    decided: null,
    fault: "none",
    leafCount: 2,
    nextLeaf: 0,
    chunkPending: false,
    received: [],
    probed: null,
    target: address(0),
    targetValue: 0n,
    targetHash: hash("target"),
    low: 0,
    high: 2,
    deposit: 1n,
    openedAt: NOW,
    expiresAt: NOW + 100n,
    demandDeadline: 0n,
    ...changes,
  };
}

const LEAVES: readonly UpdateLeaf[] = [20, 40].map((first) => ({
  member: member(first),
  sequence: 1n,
  envelopeHash: hash("envelope"),
  deltaRoot: hash("delta"),
  weight: first,
  reason: 0,
  payloadHash: hash("payload"),
}));
const REWARDS: readonly RewardLeaf[] = Array.from({ length: 50 }, (_, i) => ({
  member: member(4 * i),
  cumulative: BigInt(i + 1),
}));

/** Everything is public, except what a test withholds. */
function evidenceOf(changes: Partial<Evidence> = {}): Evidence {
  return {
    // What the steps read from the round: the largest weight that a leaf may have.
    round: { maxWeight: 100 } as Evidence["round"],
    leaves: LEAVES,
    rewards: REWARDS,
    earned: [],
    delta: async () => new Int32Array(PARAMETERS),
    vector: async () => new Int32Array(PARAMETERS),
    hidden: async () => null,
    answeredChunk: async () => null,
    leafProof: async (_, index) => ({ index, leaf: LEAVES[index] ?? LEAVES[0]!, path: [] }),
    ...changes,
  };
}

async function stepOf(
  dispute: Partial<Dispute>,
  evidence: Partial<Evidence> = {},
): Promise<string> {
  const step: DisputeStep = await nextStep(PROGRAM, disputeOf(dispute), evidenceOf(evidence), NOW);
  return step.type === "send" ? step.what : step.type;
}

test("a chunk's dispute is fed leaf by leaf, then vector by vector, then ended", async () => {
  assert.equal(await stepOf({}), "leaf");
  assert.equal(await stepOf({ nextLeaf: 1 }), "leaf");
  assert.equal(await stepOf({ nextLeaf: 1, chunkPending: true }), "chunk");
  assert.equal(await stepOf({ nextLeaf: 2 }), "chunk");
  assert.equal(await stepOf({ nextLeaf: 2, received: ["base"] }), "chunk");
  assert.equal(await stepOf({ nextLeaf: 2, received: ["base", "next"] }), "resolve");
  assert.equal(await stepOf({ nextLeaf: 2, received: ["base", "next"], stateVectors: 1 }), "chunk");
  // A fault in the leaves decides the dispute, so no vector is asked for.
  assert.equal(await stepOf({ nextLeaf: 2, fault: "leaves-unsorted" }), "resolve");
});

test("only withheld pieces are demanded", async () => {
  const withheld = async () => null;
  assert.equal(await stepOf({}, { leaves: null }), "demand");
  assert.equal(await stepOf({}, { delta: withheld }), "leaf");
  assert.equal(await stepOf({ nextLeaf: 1, chunkPending: true }, { delta: withheld }), "demand");
  assert.equal(await stepOf({ nextLeaf: 2 }, { vector: withheld }), "demand");
  assert.equal(await stepOf({ kind: "total" }, { rewards: null }), "demand");
});

test("a withheld wrong result is searched for the chunk that differs, which is then fed", async () => {
  const expected = Int32Array.from({ length: 1_000 }, (_, i) => i);
  const committed = expected.with(700, -1);
  const hidden = { name: "next", committed: vectorRoot(committed), expected } as const;
  const evidence = {
    delta: async () => expected,
    hidden: async () => hidden,
    answeredChunk: async ({ index }: Dispute) => chunkProof(committed, index),
  };
  // The phases that a dispute of chunk 1 passes, each with the answer to the step before.
  const probes: number[] = [];
  let dispute = disputeOf();
  for (let answered = false; ; answered = true) {
    const step = await nextStep(PROGRAM, dispute, evidenceOf(evidence), NOW);
    assert.equal(step.type, "send");
    if (step.type !== "send" || step.what !== "probe") {
      assert.equal(step.type === "send" && step.what, "leaf");
      break;
    }
    // Discriminator, vector, then the chunk's index.
    const index = step.instructions[0]?.data.readUInt32LE(9) ?? -1;
    assert.equal(index === dispute.index, !answered);
    probes.push(index);
    dispute = disputeOf({ index, received: ["next"] });
  }
  assert.equal(probes.at(-1), Math.floor(700 / 64));
  assert.ok(probes.length <= 5);
  // Once leaves are folded, the chunk stays. What the chain does not show cannot be relied on.
  assert.equal(await stepOf({ nextLeaf: 1 }, evidence), "leaf");
  const forgotten = { ...evidence, answeredChunk: async () => null };
  assert.equal(await stepOf({ received: ["next"] }, forgotten), "leaf");
});

test("deadlines on the chain's clock decide the rest", async () => {
  assert.equal(await stepOf({ demandDeadline: NOW }), "wait");
  assert.equal(await stepOf({ demandDeadline: NOW - 1n }), "resolve");
  assert.equal(await stepOf({ expiresAt: NOW - 1n }), "resolve");
  assert.equal(await stepOf({ decided: "upheld" }), "resolve");
  assert.equal(await stepOf({ decided: "rejected", demandDeadline: NOW }), "resolve");
  assert.equal(await stepOf({ kind: "envelope", demandDeadline: NOW + 5n }), "wait");
});

test("as many rewards leaves are sent as fit, from the dispute's position on", async () => {
  const sizes: number[] = [];
  for (const nextLeaf of [0, 20, 40]) {
    const dispute = disputeOf({ kind: "total", leafCount: 50, nextLeaf });
    const step = await nextStep(PROGRAM, dispute, evidenceOf(), NOW);
    assert.equal(step.type, "send");
    sizes.push(step.type === "send" ? (step.instructions[0]?.data.length ?? 0) : 0);
  }
  const [first = 0, second = 0, last = 0] = sizes;
  assert.equal(first, second);
  // Ten leaves of 41 bytes.
  assert.equal(first - last, 410);
  assert.ok(first < 1_000);
  assert.equal(await stepOf({ kind: "total", leafCount: 50, nextLeaf: 50 }), "resolve");
});

test("a search shows the target's own leaf, or else its neighbours, the lower first", async () => {
  const shown = async (target: number, low = 0): Promise<number> => {
    const dispute = disputeOf({ kind: "omission", target: address(target), low });
    const step = await nextStep(PROGRAM, dispute, evidenceOf(), NOW);
    assert.ok(step.type === "send" && step.what === "neighbour");
    // The leaf's place, a u32 after the discriminator.
    return step.instructions[0]?.data.readUInt32LE(8) ?? -1;
  };
  assert.equal(await shown(20), 0);
  assert.equal(await shown(40), 1);
  assert.equal(await shown(10), 0);
  assert.equal(await shown(30), 0);
  assert.equal(await shown(30, 1), 1);
  assert.equal(await shown(50), 1);
  // Nobody can be made to show the leaves of a search, so it ends with its time.
  assert.equal(await stepOf({ kind: "omission" }, { leaves: null }), "wait");
});

test("the leaves in a proof of omission narrow a search as all the leaves would", async () => {
  for (const [target, places, lows] of [
    [10, [0], [0]],
    [20, [0], [0]],
    [30, [0, 1], [0, 1]],
    [50, [1], [0, 1]],
  ] as const)
    for (const low of lows) {
      const dispute = disputeOf({ kind: "omission", target: address(target), low });
      const shown = places.map((index) => updateLeafProof(LEAVES, index));
      const fromFile = { ...evidenceOf({ leaves: null }), shown };
      assert.deepEqual(
        await nextStep(PROGRAM, dispute, fromFile, NOW),
        await nextStep(PROGRAM, dispute, evidenceOf(), NOW),
      );
    }
});
