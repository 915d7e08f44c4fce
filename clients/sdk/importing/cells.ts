import { quotedText } from "@plenary/protocol";
import type { Measure } from "./measure.ts";
import type { FoundOptions } from "./options-of.ts";
import type { Problems } from "./problems.ts";
import type { QuestionTally, ValueCounts } from "./question-tally.ts";
import { effectiveRespondents, wholeCounts } from "./whole-respondents.ts";

/** Shares are rounded by those who publish them. */
const SHARE_TOLERANCE = 0.03;

/** Whole respondents per option; all 0 if nobody gave an answer that counts. */
export function cellCounts(
  tally: QuestionTally,
  { options, optionOf }: FoundOptions,
  group: { readonly name: string; readonly number: number },
  kind: Measure["kind"],
  problems: Problems,
): number[] {
  const counts = tally.groups[group.number];
  const sums = new Array<number>(options.length).fill(0);
  if (counts === undefined) return sums;
  let missing = 0;
  counts.sums.forEach((sum, slot) => {
    const option = optionOf[slot] ?? -1;
    if (option < 0) missing += sum;
    else sums[option] = sums[option]! + sum;
  });
  if (kind === "respondent" || kind === "count") return sums;
  const answered = sums.reduce((part, sum) => part + sum, 0);
  if (answered === 0) return sums;
  if (kind === "weight") {
    const effective = Math.round(effectiveRespondents(answered, counts.squares));
    return wholeCounts(sums, Math.max(1, effective));
  }
  const total = answered + missing;
  if (kind === "share") checkShares(tally, counts, group.name, total, problems);
  return wholeCounts(sums, Math.round(((counts.respondents ?? 0) * answered) / total));
}

function checkShares(
  tally: QuestionTally,
  counts: ValueCounts,
  group: string,
  total: number,
  problems: Problems,
): void {
  if ([1, 100].some((whole) => Math.abs(total - whole) <= whole * SHARE_TOLERANCE)) return;
  problems.add({
    line: Math.min(...counts.lines.filter((line) => line !== undefined)),
    column: null,
    message: `The shares of ${quotedText(group)} for ${quotedText(tally.definition.id)} add up to ${total.toPrecision(4)}, not to 1 or 100. Is an option missing, or are these weighted counts?`,
    remedy: "name-measure",
  });
}
