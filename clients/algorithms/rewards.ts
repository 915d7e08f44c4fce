import { compareBytes, PlenaryError, type RewardLeaf, toBase58, toHex } from "@plenary/protocol";

const U64_MAX = 2n ** 64n - 1n;

/**
 * Splits a round's budget by scores: floor(budget x score / sum of the positive scores) for a
 * positive score, 0 for any other. If no score is positive, nobody is paid. The sum never exceeds
 * the budget; the rest that rounding leaves stays in the vault.
 */
export function splitBudget(scores: readonly bigint[], budget: bigint): bigint[] {
  if (budget < 0n || budget > U64_MAX)
    throw new PlenaryError(
      "invalid-input",
      `A budget is an unsigned 64-bit integer, not ${budget}.`,
      {
        budget: budget.toString(),
      },
    );
  const positive = scores.map((score) => (score > 0n ? score : 0n));
  const total = positive.reduce((sum, score) => sum + score, 0n);
  return positive.map((score) => (total === 0n ? 0n : (budget * score) / total));
}

/** Earnings of one member in one round. */
export interface Pay {
  readonly member: Uint8Array;
  readonly amount: bigint;
}

/**
 * Adds a round's pay to the earnings since the federation began. `earned` ascends by member. So
 * does the result, which has one leaf for every member that ever earned anything. Throws
 * `invalid-input` on leaves out of order and on sums beyond 64 bits.
 */
export function addPay(earned: readonly RewardLeaf[], pay: readonly Pay[]): RewardLeaf[] {
  checkAscending(earned);
  const byMember = new Map<string, RewardLeaf>();
  for (const { member, cumulative } of earned) byMember.set(toHex(member), { member, cumulative });
  for (const { member, amount } of pay) {
    if (amount === 0n) continue;
    const before = byMember.get(toHex(member))?.cumulative ?? 0n;
    byMember.set(toHex(member), { member, cumulative: before + amount });
  }
  const leaves = [...byMember.values()];
  if (totalEarned(leaves) > U64_MAX)
    throw new PlenaryError(
      "invalid-input",
      "The rewards of this federation pass 2^64 - 1: lower rewardPerRound.",
    );
  return leaves.sort((a, b) => compareBytes(a.member, b.member));
}

/** Sum of all members' earnings. */
export function totalEarned(leaves: readonly RewardLeaf[]): bigint {
  return leaves.reduce((sum, { cumulative }) => sum + cumulative, 0n);
}

function checkAscending(leaves: readonly RewardLeaf[]): void {
  leaves.forEach((leaf, i) => {
    const before = leaves[i - 1];
    if (
      leaf.cumulative <= 0n ||
      (before !== undefined && compareBytes(before.member, leaf.member) >= 0)
    )
      throw new PlenaryError(
        "invalid-input",
        "Earned rewards must ascend by member, each once and above zero, as the last manifest lists them.",
        { member: toBase58(leaf.member) },
      );
  });
}
