import { outcomeOf, weightOfAll } from "./aggregate.ts";
import type { Result } from "./operations.ts";
import { GENESIS, type Leaf, OWNERS, type Owner, type Round, type State } from "./state.ts";
import { DECEITS, FLAWS, type Step } from "./steps.ts";

const U32_MAX = 2 ** 32 - 1;

/**
 * The aggregator's result: it pays one or two members from the budget, and is honest or wrong in
 * one respect.
 */
export function resultFor(rounds: State["rounds"], round: Round | undefined, step: Step): Result {
  const base = (round && rounds.get(round.baseRound))?.leaves ?? [];
  const leaves = paid(base, step, round?.budget ?? 0n);
  const cumulative = (round?.baseCumulative ?? 0n) + added(base, leaves);
  const updateCount = round?.maxUpdates ?? 1;
  const outcome = round === undefined ? null : outcomeOf(round, updateCount);
  const right: Result = {
    next: outcome?.next ?? GENESIS,
    nextState: outcome?.state ?? null,
    leaves,
    cumulative,
    rewardCount: leaves.length,
    updateCount,
    totalWeight: weightOfAll(round ?? { maxWeight: 1 }, updateCount),
  };
  const heaviest = updateCount * (round?.maxWeight ?? 1);
  if (step.flaw >= FLAWS) return { ...right, ...refused(right, heaviest, step) };
  return step.deceit < DECEITS ? right : { ...right, ...deceitful(right, base, heaviest, step) };
}

/** Faults that the program mostly refuses. */
function refused(right: Result, heaviest: number, { amount }: Step): Partial<Result> {
  const { cumulative, leaves, updateCount } = right;
  const wrong: readonly Partial<Result>[] = [
    { cumulative: cumulative + 1n },
    { cumulative: cumulative === 0n ? 2n ** 64n - 1n : cumulative - 1n },
    { rewardCount: 0 },
    { updateCount: amount % 2 === 0 ? 0 : updateCount + 1 },
    { totalWeight: amount % 2 === 0 ? U32_MAX : heaviest + 1 },
    { nextState: [1, 1] },
    // The tree promises more than the stated sum.
    { leaves: leaves.map((leaf) => ({ ...leaf, cumulative: leaf.cumulative + 300n })) },
  ];
  return wrong[amount % wrong.length]!;
}

/** Faults that only a dispute reveals: mostly in a member's pay, once there is any. */
function deceitful(
  right: Result,
  base: readonly Leaf[],
  heaviest: number,
  step: Step,
): Partial<Result> {
  const { leaves, next, nextState } = right;
  const [first, second] = next;
  const choice = Math.floor((step.deceit - DECEITS) / 4);
  const victim = step.deceit % 4 > 0 ? base[step.amount % Math.max(base.length, 1)] : undefined;
  if (victim !== undefined)
    return robbed(leaves, victim, choice % 2 === 0 ? 1n : victim.cumulative);
  const changes: readonly Partial<Result>[] = [
    { next: [first + 1, second] },
    { totalWeight: heaviest },
    nextState === null
      ? { next: [first, second - 1] }
      : { nextState: [nextState[0], nextState[1] - 1] },
    { leaves: leaves.map((leaf) => ({ ...leaf, cumulative: leaf.cumulative + 1n })) },
  ];
  return changes[choice % changes.length]!;
}

/**
 * Takes from a member what it has earned since the base round, and `lost` of what it had earned
 * before; gives both to another member.
 */
function robbed(
  leaves: readonly Leaf[],
  { owner, cumulative }: Leaf,
  lost: bigint,
): Partial<Result> {
  const now = new Map(leaves.map((leaf) => [leaf.owner, leaf.cumulative]));
  const left = cumulative > lost ? cumulative - lost : 0n;
  const taken = (now.get(owner) ?? 0n) - left;
  if (left === 0n) now.delete(owner);
  else now.set(owner, left);
  const other = OWNERS[(OWNERS.indexOf(owner) + 1) % OWNERS.length]!;
  now.set(other, (now.get(other) ?? 0n) + taken);
  const after = [...now].map(([name, amount]) => ({ owner: name, cumulative: amount }));
  return { leaves: after, rewardCount: after.length };
}

function paid(base: readonly Leaf[], step: Step, budget: bigint): Leaf[] {
  const shares = new Map(base.map(({ owner, cumulative }) => [owner, cumulative]));
  const give = (owner: Owner, amount: bigint) => {
    if (amount > 0n) shares.set(owner, (shares.get(owner) ?? 0n) + amount);
  };
  const half = budget / 2n;
  give(OWNERS[step.near % OWNERS.length]!, half);
  give(
    OWNERS[step.amount % OWNERS.length]!,
    step.near < FLAWS ? budget - half : BigInt(step.amount),
  );
  return [...shares].map(([owner, cumulative]) => ({ owner, cumulative }));
}

function added(base: readonly Leaf[], leaves: readonly Leaf[]): bigint {
  const sum = (list: readonly Leaf[]) =>
    list.reduce((total, { cumulative }) => total + cumulative, 0n);
  return sum(leaves) - sum(base);
}
