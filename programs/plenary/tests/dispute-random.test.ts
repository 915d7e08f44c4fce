import assert from "node:assert/strict";
import { test } from "node:test";
import { disputedVectors, missingPiece, type Rules } from "@plenary/chain";
import type { UpdateLeaf } from "@plenary/protocol";
import { seeds } from "../../../test/nightly.ts";
import { FEDAVG, fedavgm } from "../../../testing/index.ts";
import { type Commitment, DisputedRound, disputable } from "../testing/disputed-round.ts";
import { type OpenDispute, REJECTED, UPHELD } from "../testing/open-dispute.ts";
import type { RoundPlan } from "../testing/round-plan.ts";
import type { Scenario } from "../testing/scenario.ts";
import { digest } from "../testing/test-chain.ts";

/*
 * Random rounds of both provable strategies, honest or with one altered value, each with a
 * completed dispute. An honest round must withstand it, whatever the challenger feeds; an altered
 * one must be voided. A failure names its seed: PLENARY_SEEDS=17 npm test -- dispute-random
 */

/**
 * Deterministic numbers below 2^32 (xorshift, period 2^32 - 1): a seed gives the same round on
 * every machine.
 */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error("There is nothing to pick from.");
    return value;
  }

  /** Integers of a few magnitudes. The largest ones are clamped. */
  vector(length: number, bits: number): Int32Array {
    return Int32Array.from({ length }, () => (this.next() | 0) >> (32 - bits));
  }
}

/** A federation with the model and the state that its next round builds on. */
interface Line {
  readonly scenario: Scenario;
  readonly rules: Rules;
  base: Int32Array;
  state: Int32Array;
}

/** Lines of both strategies, with models that end on, before and after the end of a chunk. */
function lines(): Line[] {
  const momenta = [0, 1, 58_982, 65_535].map(fedavgm);
  return [[FEDAVG, FEDAVG, FEDAVG, FEDAVG], momenta].flatMap((variants) =>
    [1, 64, 65, 150].map((length, i) => {
      const rules = variants[i] ?? FEDAVG;
      const dice = new Dice(length + rules.strategy);
      // A model cannot hold -2^31.
      const base = dice.vector(length, 32).map((value) => Math.max(value, -(2 ** 31) + 1));
      const state = rules.stateVectors === 1 ? dice.vector(length, 31) : new Int32Array();
      const plan = { rules, base, state, updates: [] };
      return { ...plan, scenario: disputable(plan, `line ${rules.strategy} ${length}`) };
    }),
  );
}

function randomPlan(dice: Dice, { rules, base, state }: Line): RoundPlan {
  return {
    rules,
    base,
    state,
    updates: Array.from({ length: 1 + dice.below(6) }, (_, i) => ({
      member: digest(`${dice.next()}`),
      delta: dice
        .vector(base.length, dice.pick([4, 18, 28]))
        .map((value) => Math.max(value, 1 - 2 ** 27)),
      weight: i === 0 ? 1 + dice.below(9) : dice.pick([0, 1, dice.below(200_001), 200_000]),
    })),
  };
}

/** One fault: what is committed, and the chunk that proves it. */
interface Wrong {
  readonly commitment: Commitment;
  readonly chunk: number;
}

function change(vector: Int32Array, at: number, dice: Dice): void {
  const value = vector[at] ?? 0;
  let other = dice.pick([value + 1, value - 1, -value, dice.next() | 0]) | 0;
  if (other === value) other = value === 0 ? 1 : value - 1;
  vector[at] = other;
}

function randomWrong(dice: Dice, plan: RoundPlan): Wrong {
  const { length } = plan.base;
  const at = dice.below(length);
  const chunk = Math.floor(at / 64);
  const altered = (leaves: UpdateLeaf[], changes: (leaf: UpdateLeaf) => Partial<UpdateLeaf>) => {
    const index = dice.below(leaves.length);
    const leaf = leaves[index];
    assert.ok(leaf);
    leaves[index] = { ...leaf, ...changes(leaf) };
  };
  const byLeaves = (changes: (leaf: UpdateLeaf) => Partial<UpdateLeaf>): Wrong => ({
    commitment: { leaves: (leaves) => altered(leaves, changes) },
    chunk,
  });
  const kinds: (() => Wrong)[] = [
    () => ({ commitment: { next: (next) => change(next, at, dice) }, chunk }),
    () => byLeaves(({ weight }) => ({ weight: weight + 1 + dice.below(3) })),
    () => byLeaves(({ weight }) => ({ weight: weight === 0 ? 7 : 0 })),
    () =>
      byLeaves(({ reason }) => ({
        reason: reason === 0 ? dice.pick([1, 5]) : dice.pick([0, 6, 255]),
      })),
    () => byLeaves(({ weight }) => ({ weight: weight + 200_001 })),
    () => ({
      commitment: { leaves: (leaves) => void leaves.push(leaves[dice.below(leaves.length)]!) },
      chunk,
    }),
  ];
  if (plan.updates.length > 1)
    kinds.push(() => ({ commitment: { leaves: (leaves) => void leaves.reverse() }, chunk }));
  if (plan.rules.stateVectors === 1)
    kinds.push(() => ({ commitment: { nextState: (state) => change(state, at, dice) }, chunk }));
  return dice.pick(kinds)();
}

/** Feeds false proofs, which must be refused and change nothing. */
function disturb(dice: Dice, dispute: OpenDispute): void {
  const [index, missing] = [dispute.state.nextLeaf, missingPiece(dispute.state)];
  const before = dispute.round.scenario.bytes(dispute.address);
  if (missing === "delta") {
    const chunk = dispute.deltaChunk(index - 1);
    const values = chunk.values.map((value, at) =>
      at === 3 ? value ^ (1 << dice.below(31)) : value,
    );
    dispute.refuse("BadProof", dispute.chunkInstruction("delta", { ...chunk, values }));
    const path = [...chunk.path.slice(1), digest("other")];
    dispute.refuse("BadProof", dispute.chunkInstruction("delta", { ...chunk, path }));
  } else if (missing === "leaf" && index === dispute.state.leafCount - 1) {
    const { leaf } = dispute.round.leafProof(index);
    const changes = dice.pick([
      { sequence: 2n },
      { payloadHash: digest("x") },
      { deltaRoot: digest("x") },
      { member: digest("x") },
    ]);
    dispute.refuse("BadProof", dispute.leafInstruction({ ...leaf, ...changes }));
  }
  assert.deepEqual(dispute.round.scenario.bytes(dispute.address), before);
}

function finish(dice: Dice, dispute: OpenDispute): unknown {
  for (let index = 0; index < dispute.round.leaves.length; index++) {
    const { leaf } = dispute.round.leafProof(index);
    if (dice.below(4) === 0) disturb(dice, dispute);
    dispute.step("dispute_leaf", dispute.leafInstruction(leaf));
    if (!dispute.state.chunkPending) continue;
    if (dice.below(4) === 0) disturb(dice, dispute);
    dispute.step("dispute_chunk", dispute.chunkInstruction("delta", dispute.deltaChunk(index)));
  }
  for (const vector of disputedVectors(dispute.state))
    if (missingPiece(dispute.state) !== null) dispute.feedVector(vector);
  return dispute.resolve().verdict;
}

test("honest rounds withstand disputes and altered ones are voided, whatever the values", () => {
  const all = lines();
  const drawn = seeds(120, 10_000);
  let altered = 0;
  for (const seed of drawn) {
    const dice = new Dice(seed);
    const line = dice.pick(all);
    const { scenario } = line;
    const plan = randomPlan(dice, line);
    const wrong = dice.below(2) === 0 ? null : randomWrong(dice, plan);
    const round = new DisputedRound(scenario, plan, wrong?.commitment);
    const index = wrong?.chunk ?? dice.below(Math.ceil(line.base.length / 64));
    const verdict = finish(dice, round.challenge({ kind: "chunk", index }));
    assert.equal(verdict, wrong === null ? REJECTED : UPHELD, `seed ${seed}`);
    if (wrong === null) {
      [line.base, line.state] = [round.vectors.next, round.vectors.nextState];
      scenario.chain.now += 3600n;
      scenario.finalize(round.number);
    } else {
      altered++;
      scenario.tokensFor(scenario.aggregator, 600n);
      scenario.bond(600n);
    }
  }
  assert.ok(drawn.length < 50 || (altered > drawn.length / 3 && altered < (drawn.length * 2) / 3));
});
