/**
 * `npm run bench -- dispute`: what it takes to prove one wrong chunk on chain, over 4, 16, 64 and
 * 256 updates of 1,000,000 parameters.
 *
 * Both sides run in one process on the compiled program: the same round committed honestly, and
 * with one integer of one chunk altered. Every transaction of the challenger is counted: how many,
 * their bytes, compute units and fees. Rent and deposit come back, or are the price of being wrong;
 * they are listed separately. Options: --updates 4,16,64,256, --parameters N, --chunk N.
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { chunkProof, createAggregator, createStrategy, vectorRootFast } from "@plenary/algorithms";
import {
  disputeChunk,
  disputeLeaf,
  disputeOf,
  disputeOpen,
  disputeResolve,
  eventsNamed,
  PROGRAM_ID,
} from "@plenary/chain";
import {
  type ChunkProof,
  compareBytes,
  EMPTY_ROOT,
  encodeUpdateLeaf,
  leafHash,
  merkleRoot,
  sha256,
  type UpdateLeaf,
} from "@plenary/protocol";
import type { Keypair, TransactionInstruction } from "@solana/web3.js";
import { Scenario } from "../programs/plenary/testing/scenario.ts";

const { values } = parseArgs({
  options: {
    updates: { type: "string", default: "4,16,64,256" },
    parameters: { type: "string", default: "1000000" },
    chunk: { type: "string", default: "7777" },
  },
});
const sizes = values.updates.split(",").map(Number);
const [parameters, chunk] = [values.parameters, values.chunk].map(Number) as [number, number];
if (
  ![...sizes, parameters].every((n) => Number.isInteger(n) && n > 0) ||
  sizes.some((size) => size > 256)
)
  throw new Error("--updates are numbers from 1 to 256, --parameters is a positive integer.");
if (!(Number.isInteger(chunk) && chunk >= 0 && chunk < Math.ceil(parameters / 64)))
  throw new Error("--chunk is a chunk of the model: below parameters / 64.");

/** An update of which only what the dispute needs is kept. */
interface Update {
  readonly leaf: UpdateLeaf;
  readonly chunk: ChunkProof;
}

interface Round {
  readonly updates: readonly Update[];
  readonly totalWeight: number;
  readonly next: Int32Array;
}

const text = (label: string) => sha256(new TextEncoder().encode(label));

/** The round of `count` updates; every sixteenth is refused. */
function computeRound(count: number): Round {
  const sum = createAggregator({ name: "mean" }).incremental!.start(parameters);
  const updates: Update[] = [];
  for (let i = 0; i < count; i++) {
    const delta = randomVector(i + 1);
    const weight = i % 16 === 5 ? 0 : 1 + ((i * 7919) % 200_000);
    if (weight > 0) sum.fold(delta, weight);
    updates.push({
      leaf: {
        member: text(`member ${i}`),
        sequence: 1n,
        envelopeHash: text(`envelope ${i}`),
        deltaRoot: vectorRootFast(delta),
        weight,
        reason: weight === 0 ? 4 : 0,
        payloadHash: text(`payload ${i}`),
      },
      chunk: chunkProof(delta, chunk),
    });
  }
  updates.sort((a, b) => compareBytes(a.leaf.member, b.leaf.member));
  const { totalWeight } = sum;
  const base = new Int32Array(parameters);
  const { next } = createStrategy({ name: "fedavg" }).apply(base, sum.finish(), []);
  return { updates, totalWeight, next };
}

/** Entries below 2^26 in magnitude, the same in every run (xorshift). */
function randomVector(seed: number): Int32Array {
  let x = seed * 2_654_435_761;
  return Int32Array.from({ length: parameters }, () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >> 5;
  });
}

interface Cost {
  readonly verdict: string;
  readonly transactions: number;
  readonly bytes: number;
  readonly largest: number;
  readonly units: number;
  readonly mostUnits: number;
  readonly lamports: bigint;
}

/** Sends a challenger's transactions and adds up their costs. */
class Meter {
  readonly #scenario: Scenario;
  readonly #challenger: Keypair;
  readonly #before: bigint;
  readonly #sizes: number[] = [];
  readonly #units: number[] = [];

  constructor(scenario: Scenario, challenger: Keypair) {
    this.#scenario = scenario;
    this.#challenger = challenger;
    this.#before = scenario.chain.lamports(challenger.publicKey);
  }

  send(label: string, instructions: readonly TransactionInstruction[]) {
    const outcome = this.#scenario.chain.run(label, instructions, [this.#challenger]);
    this.#sizes.push(outcome.bytes);
    this.#units.push(outcome.units);
    return outcome;
  }

  cost(verdict: string): Cost {
    const sum = (numbers: readonly number[]) =>
      numbers.reduce((total, number) => total + number, 0);
    return {
      verdict,
      transactions: this.#sizes.length,
      bytes: sum(this.#sizes),
      largest: Math.max(...this.#sizes),
      units: sum(this.#units),
      mostUnits: Math.max(...this.#units),
      // the rent is back by now: the difference is the fees
      lamports: this.#before - this.#scenario.chain.lamports(this.#challenger.publicKey),
    };
  }
}

function dispute(name: string, round: Round, next: Int32Array): Cost {
  const terms = {
    challengeWindow: 86_400,
    exitCooldown: 86_400,
    maxUpdates: 256,
    maxWeight: 200_000,
  };
  const base = new Int32Array(parameters);
  const scenario = Scenario.ready(name, terms, undefined, undefined, {
    modelRoot: vectorRootFast(base),
    parameterCount: parameters,
  });
  const { federation, mint: rewardMint } = scenario;
  const number = scenario.open();
  const result = scenario.result(number, [], {
    nextRoot: vectorRootFast(next),
    nextStateRoot: EMPTY_ROOT,
    updatesRoot: merkleRoot(round.updates.map(({ leaf }) => leafHash(encodeUpdateLeaf(leaf)))),
    updateCount: round.updates.length,
    totalWeight: round.totalWeight,
  });
  scenario.run("round_commit", scenario.commitInstruction(number, result), [scenario.aggregator]);
  const challenger = scenario.challenger();
  const source = scenario.tokenAccount(challenger);
  const subject = { kind: "chunk", index: chunk } as const;
  const by = {
    challenger: challenger.publicKey,
    dispute: disputeOf(PROGRAM_ID, federation, number, challenger.publicKey, subject),
  };
  const meter = new Meter(scenario, challenger);
  meter.send(
    "dispute_open",
    disputeOpen(PROGRAM_ID, {
      federation,
      rewardMint,
      number,
      challenger: challenger.publicKey,
      source,
      subject,
    }),
  );
  for (const { leaf, chunk } of round.updates)
    meter.send(
      "dispute_leaf",
      disputeLeaf(PROGRAM_ID, { ...by, leaf, chunk: leaf.weight > 0 ? chunk : undefined }),
    );
  for (const [vector, values] of [
    ["base", base],
    ["next", next],
  ] as const)
    meter.send(
      "dispute_chunk",
      disputeChunk(PROGRAM_ID, { ...by, vector, chunk: chunkProof(values, chunk) }),
    );
  const resolve = disputeResolve(PROGRAM_ID, {
    ...by,
    federation,
    rewardMint,
    number,
    challengerTokens: source,
  });
  const { events } = meter.send("dispute_resolve", resolve);
  const [resolved] = eventsNamed(events, "DisputeResolved");
  return meter.cost(resolved?.verdict === 0 ? "upheld" : "rejected");
}

const rows: string[][] = [
  [
    "updates",
    "round",
    "verdict",
    "transactions",
    "bytes",
    "largest",
    "compute units",
    "most in one",
    "lamports",
  ],
];
let perUpdate = 0;
for (const size of sizes) {
  const round = computeRound(size);
  const altered = round.next.slice();
  altered[64 * chunk] = (altered[64 * chunk] ?? 0) + 1;
  for (const [kind, next] of [
    ["honest", round.next],
    ["altered", altered],
  ] as const) {
    const cost = dispute(`${kind} ${size}`, round, next);
    assert.equal(cost.verdict, kind === "honest" ? "rejected" : "upheld");
    perUpdate = cost.transactions / size;
    rows.push(
      [
        size,
        kind,
        cost.verdict,
        cost.transactions,
        cost.bytes,
        cost.largest,
        cost.units,
        cost.mostUnits,
        cost.lamports,
      ].map((value) => (typeof value === "string" ? value : value.toLocaleString("en"))),
    );
  }
}
const widths =
  rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
for (const row of rows)
  console.log(row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  "));
console.log(`transactions per update at ${sizes.at(-1)} updates: ${perUpdate.toFixed(3)}`);
