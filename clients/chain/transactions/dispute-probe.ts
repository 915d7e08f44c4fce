import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { buildInstruction } from "../program.ts";

export interface DisputeProbe {
  readonly dispute: PublicKey;
  readonly challenger: PublicKey;
  readonly vector: "next" | "nextState";
  /** Chunk that the dispute is about from now on. */
  readonly index: number;
}

/** Asks the aggregator for a chunk of its result, before any leaf is folded. */
export function disputeProbe(program: PublicKey, input: DisputeProbe): TransactionInstruction[] {
  const { dispute, challenger, vector, index } = input;
  return [
    buildInstruction(
      program,
      "disputeProbe",
      { dispute, challenger },
      { vector: { variant: vector }, index },
    ),
  ];
}
