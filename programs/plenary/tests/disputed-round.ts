import assert from "node:assert/strict";
import {
  type Dispute,
  type DisputedVector,
  type DisputeSubject,
  decodeDispute,
  disputeChunk,
  disputedVectors,
  disputeLeaf,
  disputeOf,
  disputeOpen,
  disputeResolve,
  eventsNamed,
  FAULTS,
  missingPiece,
  PROGRAM_ID,
  type Rules,
} from "@plenary/chain";
import {
  auditPath,
  type ChunkProof,
  chunkBytes,
  chunkLeaves,
  compareBytes,
  decodeEnvelope,
  EMPTY_ROOT,
  encodeUpdateLeaf,
  envelopeHash,
  type LeafProof,
  leafHash,
  merkleRoot,
  type RoundCommitment,
  type UpdateLeaf,
  vectorFromBytes,
  vectorRoot,
} from "@plenary/protocol";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import { type Earned, Scenario } from "./scenario.ts";
import { digest, type Outcome, type TestChain } from "./test-chain.ts";

/** One update as a test wants it: refused if `weight` is 0. */
export interface PlannedUpdate {
  readonly member: Uint8Array;
  readonly delta: Int32Array;
  readonly weight: number;
  /** What the member signed for the round with this number; a made-up hash stands for it where no signature is looked at. */
  readonly envelope?: (round: bigint) => Uint8Array;
}

export interface RoundPlan {
  readonly rules: Rules;
  readonly base: Int32Array;
  /** Empty if the strategy keeps none. */
  readonly state: Int32Array;
  readonly updates: readonly PlannedUpdate[];
}

/** What an aggregator commits beside the plan, or instead of the truth. */
export interface Commitment {
  /** The open round; a new one is opened where this is left out. */
  readonly number?: bigint;
  readonly earned?: readonly Earned[];
  readonly next?: (next: Int32Array) => void;
  readonly nextState?: (state: Int32Array) => void;
  readonly leaves?: (leaves: UpdateLeaf[]) => void;
  readonly result?: Partial<RoundCommitment>;
}

/** A federation whose rounds are disputed: a window of an hour, and a model of the plan's size. */
export function disputable(
  plan: RoundPlan,
  name = "disputed",
  chain?: TestChain,
  mint?: PublicKey,
): Scenario {
  const terms = { challengeWindow: 3600, exitCooldown: 3600, maxUpdates: 256, maxWeight: 200_000 };
  return Scenario.ready(name, terms, chain, mint, {
    modelRoot: vectorRoot(plan.base),
    stateRoot: plan.rules.stateVectors === 0 ? EMPTY_ROOT : vectorRoot(plan.state),
    parameterCount: plan.base.length,
    rules: plan.rules,
  });
}

/** A committed round with everything that a challenger knows of it. */
export class DisputedRound {
  readonly scenario: Scenario;
  readonly plan: RoundPlan;
  readonly number: bigint;
  readonly leaves: readonly UpdateLeaf[];
  readonly vectors: Readonly<Record<Exclude<DisputedVector, "delta">, Int32Array>>;
  readonly #deltas: ReadonlyMap<string, Int32Array>;

  constructor(scenario: Scenario, plan: RoundPlan, commitment: Commitment = {}) {
    this.scenario = scenario;
    this.plan = plan;
    this.number = commitment.number ?? scenario.open();
    const leaves = plan.updates
      .map((update) => plannedLeaf(update, this.number))
      .sort((a, b) => compareBytes(a.member, b.member));
    this.#deltas = new Map(plan.updates.map((update) => [nameOf(update.member), update.delta]));
    const truth = apply(plan);
    commitment.next?.(truth.next);
    commitment.nextState?.(truth.nextState);
    commitment.leaves?.(leaves);
    this.leaves = leaves;
    this.vectors = { base: plan.base, baseState: plan.state, ...truth };
    const result = scenario.result(this.number, commitment.earned ?? [], {
      nextRoot: vectorRoot(truth.next),
      nextStateRoot: plan.rules.stateVectors === 0 ? EMPTY_ROOT : vectorRoot(truth.nextState),
      updatesRoot: merkleRoot(this.leafHashes()),
      updateCount: leaves.length,
      totalWeight: plan.updates.reduce((sum, { weight }) => sum + weight, 0),
      ...commitment.result,
    });
    scenario.run("round_commit", scenario.commitInstruction(this.number, result), [
      scenario.aggregator,
    ]);
  }

  leafHashes(): Uint8Array[] {
    return this.leaves.map((leaf) => leafHash(encodeUpdateLeaf(leaf)));
  }

  leafProof(index: number): LeafProof<UpdateLeaf> {
    const leaf = this.leaves[index];
    assert.ok(leaf);
    return { index, leaf, path: auditPath(this.leafHashes(), index) };
  }

  delta(index: number): Int32Array {
    const leaf = this.leaves[index];
    const delta = leaf && this.#deltas.get(nameOf(leaf.member));
    assert.ok(delta);
    return delta;
  }

  openInstruction(challenger: Keypair, subject: DisputeSubject): TransactionInstruction[] {
    const { scenario, number } = this;
    return disputeOpen(PROGRAM_ID, {
      federation: scenario.federation,
      rewardMint: scenario.mint,
      tokenProgram: scenario.tokenProgram,
      number,
      challenger: challenger.publicKey,
      source: scenario.tokenAccount(challenger),
      subject,
    });
  }

  /** Opens a dispute with the deposit of a challenger who has some tokens. */
  challenge(subject: DisputeSubject, challenger = this.scenario.challenger()): OpenDispute {
    const { scenario } = this;
    scenario.run("dispute_open", this.openInstruction(challenger, subject), [challenger]);
    const at = disputeOf(
      PROGRAM_ID,
      scenario.federation,
      this.number,
      challenger.publicKey,
      subject,
    );
    return new OpenDispute(this, at, challenger);
  }
}

/** One challenger's dispute, step by step. */
export class OpenDispute {
  readonly round: DisputedRound;
  readonly address: PublicKey;
  readonly challenger: Keypair;

  constructor(round: DisputedRound, address: PublicKey, challenger: Keypair) {
    this.round = round;
    this.address = address;
    this.challenger = challenger;
  }

  get state(): Dispute {
    return decodeDispute(this.address, this.round.scenario.bytes(this.address));
  }

  step(label: string, instructions: readonly TransactionInstruction[]): Outcome {
    return this.round.scenario.chain.run(label, instructions, [this.challenger]);
  }

  refuse(
    name: string,
    instructions: readonly TransactionInstruction[],
    signer = this.challenger,
  ): void {
    this.round.scenario.refuse(name, instructions, [signer]);
  }

  leafInstruction(leaf: UpdateLeaf, chunk?: ChunkProof): TransactionInstruction[] {
    const { address: dispute, challenger } = this;
    return disputeLeaf(PROGRAM_ID, { dispute, challenger: challenger.publicKey, leaf, chunk });
  }

  chunkInstruction(vector: DisputedVector, chunk: ChunkProof): TransactionInstruction[] {
    const { address: dispute, challenger } = this;
    return disputeChunk(PROGRAM_ID, { dispute, challenger: challenger.publicKey, vector, chunk });
  }

  /** The disputed chunk of the next update that is folded. */
  deltaChunk(index: number): ChunkProof {
    return chunkProof(this.round.delta(index), this.state.index);
  }

  /** Feeds leaf `index`, with its chunk as long as it is needed. */
  feedLeaf(index: number): Outcome {
    const leaf = this.round.leaves[index];
    assert.ok(leaf);
    const counts = leaf.weight > 0 && leaf.reason === 0 && this.state.fault === "none";
    const outcome = this.step("dispute_leaf", this.leafInstruction(leaf));
    if (!counts || !this.state.chunkPending) return outcome;
    return this.step("dispute_chunk", this.chunkInstruction("delta", this.deltaChunk(index)));
  }

  feedVector(vector: Exclude<DisputedVector, "delta">): Outcome {
    return this.step(
      "dispute_chunk",
      this.chunkInstruction(vector, chunkProof(this.round.vectors[vector], this.state.index)),
    );
  }

  /** Feeds all that the dispute still lacks. */
  feedAll(): void {
    for (let index = this.state.nextLeaf; index < this.round.leaves.length; index++)
      this.feedLeaf(index);
    for (const vector of disputedVectors(this.state))
      if (missingPiece(this.state) === vector) this.feedVector(vector);
  }

  resolveInstruction(challengerTokens: PublicKey | null = null): TransactionInstruction[] {
    const { scenario, number } = this.round;
    const { federation, mint: rewardMint, tokenProgram } = scenario;
    return disputeResolve(PROGRAM_ID, {
      federation,
      rewardMint,
      tokenProgram,
      number,
      dispute: this.address,
      challenger: this.challenger.publicKey,
      challengerTokens: challengerTokens ?? scenario.tokenAccount(this.challenger),
    });
  }

  /** Ends the dispute; returns how, and what was found. */
  resolve(): { verdict: unknown; fault: unknown; outcome: Outcome } {
    const { scenario } = this.round;
    const outcome = scenario.run("dispute_resolve", this.resolveInstruction(), [scenario.stranger]);
    const [resolved] = eventsNamed(outcome.events, "DisputeResolved");
    assert.ok(resolved);
    assert.equal(scenario.chain.data(this.address), null);
    return { verdict: resolved.verdict, fault: resolved.fault, outcome };
  }
}

/** Verdicts, as the event `DisputeResolved` has them. */
export const UPHELD = 0;
export const REJECTED = 1;
export const MOOT = 2;

/** Ends a dispute: the verdict, and the fault that was found. */
export function endOf(dispute: OpenDispute): [unknown, string | undefined] {
  const { verdict, fault } = dispute.resolve();
  return [verdict, FAULTS[Number(fault)]];
}

export function chunkProof(vector: Int32Array, index: number): ChunkProof {
  return {
    values: vectorFromBytes(chunkBytes(vector, index)),
    path: auditPath(chunkLeaves(vector), index),
  };
}

/** The leaf that a planned update gets. */
export function plannedLeaf(
  { member, delta, weight, envelope }: PlannedUpdate,
  round = 0n,
): UpdateLeaf {
  const leaf = { member, deltaRoot: vectorRoot(delta), weight, reason: weight === 0 ? 4 : 0 };
  const message = envelope?.(round);
  if (message === undefined) {
    const [hash, payloadHash] = [digest("envelope"), digest("payload")];
    return { ...leaf, sequence: 1n, envelopeHash: hash, payloadHash };
  }
  const { sequence, payloadHash } = decodeEnvelope(message);
  return { ...leaf, sequence, envelopeHash: envelopeHash(message), payloadHash };
}

function nameOf(member: Uint8Array): string {
  return Buffer.from(member).toString("hex");
}

const LIMIT = 2n ** 31n - 1n;

/** The round's arithmetic in arbitrary precision, straight from docs/protocol.md: an oracle for the program's 64 bits. */
function apply({ rules, base, state, updates }: RoundPlan): {
  next: Int32Array;
  nextState: Int32Array;
} {
  const weight = updates.reduce((sum, update) => sum + BigInt(update.weight), 0n);
  const next = new Int32Array(base.length);
  const nextState = new Int32Array(state.length);
  for (let j = 0; j < base.length; j++) {
    const sum = updates.reduce(
      (total, update) => total + BigInt(update.weight) * BigInt(update.delta[j] ?? 0),
      0n,
    );
    let step = weight === 0n ? 0n : roundHalfUp(sum, weight);
    if (rules.strategy === 1) {
      const momentum = BigInt(rules.parameters[0] ?? 0);
      step = clamp(roundHalfUp(momentum * BigInt(state[j] ?? 0), 65536n) + step);
      nextState[j] = Number(step);
    }
    next[j] = Number(clamp(BigInt(base[j] ?? 0) + step));
  }
  return { next, nextState };
}

/** floor(numerator / denominator + 1/2), the denominator being positive. */
function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  const [dividend, divisor] = [2n * numerator + denominator, 2n * denominator];
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

function clamp(value: bigint): bigint {
  return value > LIMIT ? LIMIT : value < -LIMIT ? -LIMIT : value;
}
