import type { ChunkProof } from "@plenary/protocol";
import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { chunkArgument, type TreeLeaf, treeLeafArgument } from "../dispute-messages.ts";
import { type ArgumentValue, buildInstruction } from "../program.ts";

export interface DisputeAnswer {
  readonly dispute: PublicKey;
  /** The leaf or the chunk that was demanded, always with its path. */
  readonly answer:
    | { readonly leaf: TreeLeaf; readonly path: readonly Uint8Array[] }
    | { readonly chunk: ChunkProof };
}

/** Gives a dispute what was demanded; anyone may send it. */
export function disputeAnswer(
  program: PublicKey,
  { dispute, answer }: DisputeAnswer,
): TransactionInstruction[] {
  const argument: ArgumentValue =
    "chunk" in answer
      ? { variant: "chunk", fields: [chunkArgument(answer.chunk)] }
      : { variant: "leaf", fields: { leaf: treeLeafArgument(answer.leaf), path: answer.path } };
  return [buildInstruction(program, "disputeAnswer", { dispute }, { answer: argument })];
}
