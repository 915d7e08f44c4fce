import { compareBytes, equalBytes, type RewardLeaf, toBase58, toHex } from "@plenary/protocol";
import { totalEarned } from "../rewards.ts";
import { rewardsRoot } from "../round-roots.ts";
import type { CommittedRound } from "./committed-round.ts";
import { type Finding, REPLAY_ONLY } from "./finding.ts";

/** Rewards before a round, in the round's manifest, and from its replay. All ascend by member. */
export interface RewardsOfRound {
  readonly earned: readonly RewardLeaf[];
  readonly published: readonly RewardLeaf[];
  readonly computed: readonly RewardLeaf[];
}

/**
 * The first thing that is wrong with a round's rewards; null if nothing is. Findings that the chain
 * can prove come first.
 */
export function findWrongPay(
  { earned, published, computed }: RewardsOfRound,
  committed: CommittedRound,
): Finding | null {
  const root = rewardsRoot(published);
  if (!equalBytes(root, committed.rewardsRoot))
    return {
      kind: "withheld",
      blob: "rewards leaves",
      chunk: 0,
      text: `the leaves of the rewards tree are withheld: those in the manifest have the root ${toHex(root)}, committed is ${toHex(committed.rewardsRoot)}`,
    };
  return (
    findShortfall(earned, published) ??
    findOverpay(published, committed) ??
    findWrongAmount(published, computed)
  );
}

function findShortfall(
  earned: readonly RewardLeaf[],
  published: readonly RewardLeaf[],
): Finding | null {
  const byMember = new Map(published.map((leaf) => [toHex(leaf.member), leaf.cumulative]));
  for (const { member, cumulative } of earned) {
    const now = byMember.get(toHex(member));
    if (now !== undefined && now >= cumulative) continue;
    const text = `member ${toBase58(member)} had earned ${cumulative} and ${now === undefined ? "has no leaf in the rewards tree any more" : `is paid less than before: ${now}`}`;
    return { kind: "shortfall", member: toBase58(member), text };
  }
  return null;
}

function findOverpay(published: readonly RewardLeaf[], committed: CommittedRound): Finding | null {
  if (published.length !== committed.rewardCount)
    return overpay(
      `the rewards tree has ${published.length} leaves, the round says ${committed.rewardCount}`,
    );
  const unsorted = published.findIndex((leaf, i) => {
    const before = published[i - 1];
    return before !== undefined && compareBytes(before.member, leaf.member) >= 0;
  });
  if (unsorted >= 0)
    return overpay(`rewards leaf ${unsorted} does not come after the leaf before it, by member`);
  const total = totalEarned(published);
  return total === committed.cumulativeRewards
    ? null
    : overpay(
        `the rewards leaves add up to ${total}, the round says ${committed.cumulativeRewards}`,
      );
}

function overpay(text: string): Finding {
  return { kind: "overpay", text };
}

function findWrongAmount(
  published: readonly RewardLeaf[],
  computed: readonly RewardLeaf[],
): Finding | null {
  const right = new Map(computed.map((leaf) => [toHex(leaf.member), leaf.cumulative]));
  for (const { member, cumulative } of published) {
    const expected = right.get(toHex(member)) ?? 0n;
    right.delete(toHex(member));
    if (cumulative !== expected) return wrongAmount(member, cumulative, expected);
  }
  for (const { member, cumulative } of computed)
    if (right.has(toHex(member))) return wrongAmount(member, 0n, cumulative);
  return null;
}

function wrongAmount(member: Uint8Array, published: bigint, computed: bigint): Finding {
  return {
    kind: "not-provable",
    why: REPLAY_ONLY,
    text: `member ${toBase58(member)} has earned ${published} by the manifest, by the scores that replay gives ${computed}`,
  };
}
