import type { RewardLeaf } from "@plenary/protocol";
import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { rewardLeafArgument } from "../dispute-messages.ts";
import { buildInstruction } from "../program.ts";

export interface DisputeRewards {
  readonly dispute: PublicKey;
  readonly challenger: PublicKey;
  /** The leaves after the last one that was folded. */
  readonly leaves: readonly RewardLeaf[];
}

/** Folds the next leaves of the rewards tree into a dispute about their total; about 20 fit into one transaction. */
export function disputeRewards(
  program: PublicKey,
  input: DisputeRewards,
): TransactionInstruction[] {
  const { dispute, challenger } = input;
  return [
    buildInstruction(
      program,
      "disputeRewards",
      { dispute, challenger },
      {
        leaves: input.leaves.map(rewardLeafArgument),
      },
    ),
  ];
}
