import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { type TreeLeaf, treeLeafArgument } from "../dispute-messages.ts";
import { buildInstruction } from "../program.ts";

export interface DisputeNarrow {
  readonly dispute: PublicKey;
  readonly challenger: PublicKey;
  readonly index: number;
  readonly leaf: TreeLeaf;
  readonly path: readonly Uint8Array[];
}

/** Shows a leaf beside which the leaf of the omitted or underpaid member would have to stand, or that leaf itself. */
export function disputeNarrow(program: PublicKey, input: DisputeNarrow): TransactionInstruction[] {
  const { dispute, challenger } = input;
  return [
    buildInstruction(
      program,
      "disputeNarrow",
      { dispute, challenger },
      {
        index: input.index,
        leaf: treeLeafArgument(input.leaf),
        path: input.path,
      },
    ),
  ];
}
