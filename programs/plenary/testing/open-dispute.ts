import assert from "node:assert/strict";
import {
  type CommittedVector,
  type Dispute,
  type DisputedVector,
  decodeDispute,
  disputeChunk,
  disputedVectors,
  disputeLeaf,
  disputeResolve,
  eventsNamed,
  FAULTS,
  missingPiece,
  PROGRAM_ID,
} from "@plenary/chain";
import {
  auditPath,
  type ChunkProof,
  chunkBytes,
  chunkLeaves,
  type LeafProof,
  type UpdateLeaf,
  vectorFromBytes,
} from "@plenary/protocol";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import type { Scenario } from "./scenario.ts";
import type { Outcome } from "./test-chain.ts";

/** What a dispute needs to know about its round. */
export interface CommittedRound {
  readonly scenario: Scenario;
  readonly number: bigint;
  readonly leaves: readonly UpdateLeaf[];
  readonly vectors: Readonly<Record<CommittedVector, Int32Array>>;
  /** The delta of the update whose leaf has this index. */
  delta(index: number): Int32Array;
  leafProof(index: number): LeafProof<UpdateLeaf>;
}

/** One challenger's dispute, step by step. */
export class OpenDispute {
  readonly round: CommittedRound;
  readonly address: PublicKey;
  readonly challenger: Keypair;

  constructor(round: CommittedRound, address: PublicKey, challenger: Keypair) {
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

  /** Feeds leaf `index`, and its chunk if the dispute needs it. */
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

  /** Feeds everything that the dispute still needs. */
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

  /** Resolves the dispute; returns the verdict and the fault. */
  resolve(): { verdict: unknown; fault: unknown; outcome: Outcome } {
    const { scenario } = this.round;
    const outcome = scenario.run("dispute_resolve", this.resolveInstruction(), [scenario.stranger]);
    const [resolved] = eventsNamed(outcome.events, "DisputeResolved");
    assert.ok(resolved);
    assert.equal(scenario.chain.data(this.address), null);
    return { verdict: resolved.verdict, fault: resolved.fault, outcome };
  }
}

/** Verdicts, by their codes in the event `DisputeResolved`. */
export const UPHELD = 0;
export const REJECTED = 1;
export const MOOT = 2;

/** Resolves a dispute; returns the verdict and the name of the fault. */
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
