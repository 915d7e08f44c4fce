import type { LeafProof, UpdateLeaf } from "@plenary/protocol";
import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { updateLeafArgument } from "../dispute-messages.ts";
import { buildInstruction } from "../program.ts";

export interface DisputeDemand {
  readonly dispute: PublicKey;
  readonly challenger: PublicKey;
  /** The leaf that was folded last, with its proof, if it is its chunk that is missing. */
  readonly pending?: LeafProof<UpdateLeaf> | undefined;
}

/** Asks the aggregator for the leaf or chunk that the dispute lacks. */
export function disputeDemand(program: PublicKey, input: DisputeDemand): TransactionInstruction[] {
  const { dispute, challenger } = input;
  return [
    buildInstruction(
      program,
      "disputeDemand",
      { dispute, challenger },
      {
        pending:
          input.pending === undefined
            ? null
            : { leaf: updateLeafArgument(input.pending.leaf), path: input.pending.path },
      },
    ),
  ];
}
