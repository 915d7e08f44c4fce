import type { ChunkProof, UpdateLeaf } from "@plenary/protocol";
import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { chunkArgument, updateLeafArgument } from "../dispute-messages.ts";
import { buildInstruction } from "../program.ts";

export interface DisputeLeaf {
  readonly dispute: PublicKey;
  readonly challenger: PublicKey;
  /** The leaf after the last one that was folded. */
  readonly leaf: UpdateLeaf;
  /** The disputed chunk of a counted update; may follow in a transaction of its own. */
  readonly chunk?: ChunkProof | undefined;
}

/** Folds the next update's leaf into a dispute about a chunk, with the update's chunk if there is room for it. */
export function disputeLeaf(program: PublicKey, input: DisputeLeaf): TransactionInstruction[] {
  const { dispute, challenger } = input;
  return [
    buildInstruction(
      program,
      "disputeLeaf",
      { dispute, challenger },
      {
        leaf: updateLeafArgument(input.leaf),
        chunk: input.chunk === undefined ? null : chunkArgument(input.chunk),
      },
    ),
  ];
}
