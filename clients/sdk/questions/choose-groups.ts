/** A group, as the shares that it chooses of the options of many questions. */
export interface GroupProfile {
  readonly group: string;
  readonly shares: readonly number[];
}

export interface GroupChoice {
  readonly group: string;
  /**
   * Part of the targets' uncertainty that is left when this group and all before it have answered:
   * 1 before anybody has.
   */
  readonly remaining: number;
}

export interface ChooseGroups {
  /** Groups that could be asked. */
  readonly candidates: readonly GroupProfile[];
  /** Groups that have answered already. */
  readonly asked: readonly GroupProfile[];
  /** Groups that the question is to be predicted for. */
  readonly targets: readonly GroupProfile[];
  readonly count: number;
}

/** Variance of one group's answer around what its likeness to others explains, next to 1. */
const OWN_VARIANCE = 0.1;

/**
 * The groups to ask next, one after another: each time the one whose answer would tell most about
 * the targets. What groups answer is taken as a Gaussian process over their profiles, so that a
 * group's uncertainty is what no answer of a similar group explains (kriging; the choice is the
 * greedy one of Krause, Singh, Guestrin, "Near-Optimal Sensor Placements in Gaussian Processes",
 * JMLR 2008, with the targets' summed variance). It needs profiles, and no answer to the question.
 */
export function chooseGroups({ candidates, asked, targets, count }: ChooseGroups): GroupChoice[] {
  const everyone = [...targets, ...asked, ...candidates];
  const kernel = likeness(everyone);
  const covariance = kernel.map((row) => row.slice());
  const aims = targets.map((_, index) => index);
  for (const index of asked.keys()) condition(covariance, targets.length + index);
  const start = targets.length;
  const first = targets.length + asked.length;
  const left = new Set(candidates.keys());
  const choices: GroupChoice[] = [];
  while (choices.length < count && left.size > 0) {
    const best = [...left].reduce((a, b) =>
      gain(covariance, aims, first + b) > gain(covariance, aims, first + a) + 1e-12 ? b : a,
    );
    condition(covariance, first + best);
    left.delete(best);
    const variance = aims.reduce((sum, aim) => sum + covariance[aim]![aim]!, 0);
    choices.push({ group: candidates[best]!.group, remaining: variance / start });
  }
  return choices;
}

/** How much an answer of `asked` lowers the variance of the targets. */
function gain(
  covariance: readonly (readonly number[])[],
  targets: readonly number[],
  asked: number,
): number {
  const own = covariance[asked]![asked]! + OWN_VARIANCE;
  return targets.reduce((sum, target) => sum + covariance[target]![asked]! ** 2 / own, 0);
}

/** The covariance once `asked` has answered. */
function condition(covariance: number[][], asked: number): void {
  const column = covariance.map((row) => row[asked]!);
  const own = column[asked]! + OWN_VARIANCE;
  covariance.forEach((row, i) => {
    for (let j = 0; j < row.length; j += 1) row[j]! -= (column[i]! * column[j]!) / own;
  });
}

/** 1 for groups of equal profiles, exp(-1) for those at the median squared Hellinger distance. */
function likeness(groups: readonly GroupProfile[]): number[][] {
  const roots = groups.map(({ shares }) => shares.map((share) => Math.sqrt(Math.max(share, 0))));
  const distances = roots.map((a) =>
    roots.map((b) => a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0)),
  );
  const apart = distances.flatMap((row, i) => row.slice(i + 1)).filter((value) => value > 0);
  const median = apart.toSorted((a, b) => a - b)[Math.floor(apart.length / 2)] ?? 1;
  return distances.map((row) => row.map((distance) => Math.exp(-distance / median)));
}
