import { alignment } from "./alignment.ts";

/** How far one predicted distribution is from the actual one. */
export interface Distances {
  /** Alignment score, 1 - Jensen-Shannon distance: 1 is perfect. */
  readonly alignment: number;
  /** Wasserstein-1 over the options in their order, divided by options - 1: 0 is perfect. */
  readonly wasserstein: number;
  /** Half of the absolute differences' sum: 0 is perfect. */
  readonly totalVariation: number;
}

/** Distances of a prediction over groups: means over the groups' means. */
export interface Measures extends Distances {
  /** The lowest alignment of a group. */
  readonly worst: number;
  /**
   * SimBench's S (arXiv 2510.17516): 100 (1 - total variation / that of uniform answers). 100 is
   * perfect, 0 is as good as uniform answers; null where uniform answers are exact.
   */
  readonly simbench: number | null;
}

/** All distances of two distributions over the same options. For display: no hash depends on it. */
export function distances(predicted: ArrayLike<number>, actual: ArrayLike<number>): Distances {
  return {
    alignment: alignment(predicted, actual),
    wasserstein: wasserstein(predicted, actual),
    totalVariation: totalVariation(predicted, actual),
  };
}

/** Half of the sum of absolute differences, in 0..1. */
export function totalVariation(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  let sum = 0;
  for (let option = 0; option < actual.length; option += 1)
    sum += Math.abs(predicted[option]! - actual[option]!);
  return sum / 2;
}

/**
 * Wasserstein-1 distance with neighbouring options one apart, divided by options - 1, in 0..1. It
 * takes the options' order as their scale, so it says little about questions without one.
 */
export function wasserstein(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  let moved = 0;
  let sum = 0;
  for (let option = 0; option + 1 < actual.length; option += 1) {
    moved += predicted[option]! - actual[option]!;
    sum += Math.abs(moved);
  }
  return sum / (actual.length - 1);
}

/** One question of one group, as several predictions answer it. */
export interface MeasuredCell {
  readonly model: Distances;
  readonly withoutContext: Distances;
  readonly uniform: Distances;
  /** What sampling noise leaves to a perfect prediction; null with a single respondent. */
  readonly ceiling: Distances | null;
}

/** Measures of a model on some questions of some groups, beside what it has to be compared with. */
export interface Scores {
  /** Cells that were asked, counted once per draw. */
  readonly cells: number;
  readonly model: Measures;
  /** The same model when it sees no answers of the group: about the mean of the members' groups. */
  readonly withoutContext: Measures;
  /** The same share for all options. */
  readonly uniform: Measures;
  /** What a perfect prediction would reach, given how many people were asked. */
  readonly ceiling: Measures | null;
}

/** Scores over groups, each a list of cells. Null if there are no cells. */
export function scoresOf(groups: readonly (readonly MeasuredCell[])[]): Scores | null {
  const asked = groups.filter((cells) => cells.length > 0);
  if (asked.length === 0) return null;
  const uniform = asked.map((cells) => meanDistances(cells.map((cell) => cell.uniform)));
  const byUniform = meanDistances(uniform).totalVariation;
  const measured = (of: (cell: MeasuredCell) => Distances | null) => {
    const known = asked
      .map((cells) => cells.map(of).filter((cell) => cell !== null))
      .filter((cells) => cells.length > 0);
    return known.length === 0 ? null : measuresOf(known.map(meanDistances), byUniform);
  };
  return {
    cells: asked.reduce((sum, cells) => sum + cells.length, 0),
    model: measured((cell) => cell.model)!,
    withoutContext: measured((cell) => cell.withoutContext)!,
    uniform: measuresOf(uniform, byUniform),
    ceiling: measured((cell) => cell.ceiling),
  };
}

function measuresOf(groups: readonly Distances[], uniform: number): Measures {
  const mean = meanDistances(groups);
  return {
    ...mean,
    worst: Math.min(...groups.map((group) => group.alignment)),
    simbench: uniform === 0 ? null : 100 * (1 - mean.totalVariation / uniform),
  };
}

function meanDistances(all: readonly Distances[]): Distances {
  const mean = (of: (distances: Distances) => number) =>
    all.reduce((sum, each) => sum + of(each), 0) / all.length;
  return {
    alignment: mean((each) => each.alignment),
    wasserstein: mean((each) => each.wasserstein),
    totalVariation: mean((each) => each.totalVariation),
  };
}
