import type { IntervalRule } from "@plenary/training";

/** How often intervals held, in the words of `plenary predict`. */
export function intervalLines(rules: readonly IntervalRule[]): string[] {
  const [first] = rules;
  if (first === undefined)
    return ["no intervals: the federation has no held-out answers to measure them by"];
  const percent = (part: number) => (100 * part).toFixed(1);
  return [
    `intervals are made for ${percent(first.level)} % of shares; on held-out groups that had no part in that (${first.groups}), they held`,
    ...rules.map(
      ({ questions, context, coverage, shares }) =>
        `  ${percent(coverage)} % of ${shares} shares: ${questions === "known" ? "trained questions" : "questions that nobody trained"}, ${context} or more answers of the group known`,
    ),
  ];
}
