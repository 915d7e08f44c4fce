/**
 * Alignment of each group, and the numbers that people look at: the mean, the worst group, and the
 * fairness index.
 */
export interface AlignmentReport {
  readonly mean: number;
  /** The lowest score of a group. */
  readonly min: number;
  /** 1 / (1 + CoV^2) over the groups' scores (PluralLLM, arXiv 2503.09925). */
  readonly fairness: number;
  readonly groups: readonly { readonly id: string; readonly alignment: number }[];
}

/**
 * Alignment score of two distributions: 1 - the Jensen-Shannon distance with natural logarithms
 * (PluralLLM, arXiv 2503.09925). For display: it uses Math.log, and no hash depends on it.
 */
export function alignment(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  let divergence = 0;
  for (let option = 0; option < actual.length; option += 1) {
    const p = predicted[option]!;
    const q = actual[option]!;
    const middle = (p + q) / 2;
    if (p > 0) divergence += p * Math.log(p / middle);
    if (q > 0) divergence += q * Math.log(q / middle);
  }
  return 1 - Math.sqrt(Math.max(divergence / 2, 0));
}

/** Sums up the alignment of groups: see AlignmentReport. */
export function alignmentReport(
  groups: readonly { readonly id: string; readonly alignment: number }[],
): AlignmentReport {
  const scores = groups.map((group) => group.alignment);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  return {
    mean,
    min: Math.min(...scores),
    fairness: 1 / (1 + variance / (mean * mean)),
    groups,
  };
}
