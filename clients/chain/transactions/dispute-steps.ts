import type { ChunkProof, LeafProof, RewardLeaf, UpdateLeaf } from "@plenary/protocol";
import { PublicKey, type TransactionInstruction } from "@solana/web3.js";
import {
  chunkArgument,
  type DisputedVector,
  rewardLeafArgument,
  type TreeLeaf,
  treeLeafArgument,
  updateLeafArgument,
} from "../dispute-messages.ts";
import * as program from "../generated/instructions.ts";
import { type SignedMessage, verifyInstruction } from "../signed-message.ts";

/*
 * The steps of a dispute after it was opened. They take leaves and chunks in the protocol's form.
 */

/** The dispute, and the challenger that signs. */
export interface DisputeStep {
  readonly dispute: PublicKey;
  readonly challenger: PublicKey;
}

export interface DisputeAnswer {
  readonly dispute: PublicKey;
  /** The leaf or the chunk that was demanded, always with its path. */
  readonly answer:
    | { readonly leaf: TreeLeaf; readonly path: readonly Uint8Array[] }
    | { readonly chunk: ChunkProof };
}

/** Gives a dispute what was demanded; anyone may send it. */
export function disputeAnswer(
  programId: PublicKey,
  { dispute, answer }: DisputeAnswer,
): TransactionInstruction[] {
  return program.disputeAnswer(programId, {
    dispute,
    answer:
      "chunk" in answer
        ? { kind: "chunk", value: chunkArgument(answer.chunk) }
        : { kind: "leaf", leaf: treeLeafArgument(answer.leaf), path: answer.path },
  });
}

export interface DisputeChunk extends DisputeStep {
  readonly vector: DisputedVector;
  readonly chunk: ChunkProof;
}

/** Gives a dispute the disputed chunk of a vector. */
export function disputeChunk(programId: PublicKey, input: DisputeChunk): TransactionInstruction[] {
  return program.disputeChunk(programId, { ...input, chunk: chunkArgument(input.chunk) });
}

export interface DisputeDemand extends DisputeStep {
  /** The leaf that was folded last, with its proof, if its chunk is what is missing. */
  readonly pending?: LeafProof<UpdateLeaf> | undefined;
}

/** Asks the aggregator for the leaf or the chunk that the dispute lacks. */
export function disputeDemand(
  programId: PublicKey,
  { pending, ...step }: DisputeDemand,
): TransactionInstruction[] {
  return program.disputeDemand(programId, {
    ...step,
    pending:
      pending === undefined ? null : { leaf: updateLeafArgument(pending.leaf), path: pending.path },
  });
}

export interface DisputeEnvelope {
  readonly federation: PublicKey;
  readonly number: bigint;
  readonly dispute: PublicKey;
  /** The leaf whose envelope is demanded. */
  readonly leaf: UpdateLeaf;
  readonly envelope: SignedMessage;
}

/** Shows the envelope of a leaf, signed by the leaf's member; anyone may send it. */
export function disputeEnvelope(
  programId: PublicKey,
  { envelope, leaf, ...accounts }: DisputeEnvelope,
): TransactionInstruction[] {
  const show = program.disputeEnvelope(programId, {
    ...accounts,
    member: new PublicKey(leaf.member),
    leaf: updateLeafArgument(leaf),
  });
  return [verifyInstruction(envelope), ...show];
}

export interface DisputeLeaf extends DisputeStep {
  /** The leaf after the last one that was folded. */
  readonly leaf: UpdateLeaf;
  /** The disputed chunk of a counted update. It may follow in a transaction of its own. */
  readonly chunk?: ChunkProof | undefined;
}

/** Folds the next update's leaf into a dispute about a chunk, with its chunk if there is room. */
export function disputeLeaf(
  programId: PublicKey,
  { leaf, chunk, ...step }: DisputeLeaf,
): TransactionInstruction[] {
  return program.disputeLeaf(programId, {
    ...step,
    leaf: updateLeafArgument(leaf),
    chunk: chunk === undefined ? null : chunkArgument(chunk),
  });
}

export interface DisputeNarrow extends DisputeStep {
  readonly index: number;
  readonly leaf: TreeLeaf;
  readonly path: readonly Uint8Array[];
}

/** Shows a leaf next to which the omitted or underpaid member's leaf would stand, or that leaf. */
export function disputeNarrow(
  programId: PublicKey,
  input: DisputeNarrow,
): TransactionInstruction[] {
  return program.disputeNarrow(programId, { ...input, leaf: treeLeafArgument(input.leaf) });
}

export interface DisputeRewards extends DisputeStep {
  /** The leaves after the last one that was folded; about 20 fit into one transaction. */
  readonly leaves: readonly RewardLeaf[];
}

/** Folds the next leaves of the rewards tree into a dispute about their total. */
export function disputeRewards(
  programId: PublicKey,
  { leaves, ...step }: DisputeRewards,
): TransactionInstruction[] {
  return program.disputeRewards(programId, { ...step, leaves: leaves.map(rewardLeafArgument) });
}
