import type { ChunkProof } from "@plenary/protocol";
import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { chunkArgument, type DisputedVector } from "../dispute-messages.ts";
import { buildInstruction } from "../program.ts";

export interface DisputeChunk {
  readonly dispute: PublicKey;
  readonly challenger: PublicKey;
  readonly vector: DisputedVector;
  readonly chunk: ChunkProof;
}

/** Gives a dispute the disputed chunk of a vector. */
export function disputeChunk(program: PublicKey, input: DisputeChunk): TransactionInstruction[] {
  const { dispute, challenger } = input;
  return [
    buildInstruction(
      program,
      "disputeChunk",
      { dispute, challenger },
      {
        vector: { variant: input.vector },
        chunk: chunkArgument(input.chunk),
      },
    ),
  ];
}
