import { FALLING_ROUNDS, type MeasuresView, type RoundView } from "@plenary/protocol";
import type { DataReport, Evaluation, Report, RoundReport } from "./report.ts";
import { formatTokens } from "./tokens.ts";

/**
 * The lines that the terminal shows of a run. AS is the alignment score: 1 minus the
 * Jensen-Shannon distance, on groups that no member has.
 */

/** What the federation has to learn from, and to be measured on. */
export function dataLine({ questions, training, unseen }: DataReport): string {
  const side = ({ groups, cells, answersPerGroup: [fewest, most] }: DataReport["training"]) =>
    `${groups.length} groups with ${fewest === most ? fewest : `${fewest} to ${most}`} answers (${cells} cells)`;
  return `${questions} questions; members have ${side(training)}, unseen are ${side(unseen)}`;
}

export function baselineLines({ uniform, trainingMean }: Report["baselines"]): string[] {
  return [
    "Alignment score (AS) on groups that no member has, mean and worst group; the line to beat is the group mean:",
    `  uniform answers      ${scores(uniform)}`,
    `  mean of the members' groups  ${scores(trainingMean)}`,
  ];
}

export function roundLine(
  round: RoundReport,
  total: number,
  { trainingMean }: Report["baselines"],
): string {
  const { counted, refused, seconds, evaluation, transaction } = round;
  const ahead = evaluation.unseen.mean - trainingMean.unseen.mean;
  const width = String(total).length;
  return [
    `round ${String(round.number).padStart(width)}/${total}`,
    `${counted} updates${refused > 0 ? `, ${refused} refused` : ""}`,
    `AS ${scores(evaluation)} (${ahead < 0 ? "" : "+"}${ahead.toFixed(3)} on group mean)`,
    `${seconds.toFixed(1)} s`,
    `tx ${transaction}`,
  ].join("  ");
}

/** The state of the newest round, for the line that changes. */
export function statusLine(view: RoundView, seconds: number): string {
  const doing: Readonly<Record<RoundView["state"], string>> = {
    opening: "opening on chain",
    collecting: `${view.received} of ${view.quorum} updates received, ${view.counted} folded in`,
    closing: "aggregating and measuring contributions",
    committing: "committing on chain",
    committed: "committed, in its challenge window",
    final: "final",
    void: "void",
  };
  return `round ${view.number}: ${doing[view.state]} (${seconds.toFixed(0)} s)`;
}

export function claimLine(member: string, amount: bigint, transaction: string): string {
  return `claim  ${member}  ${formatTokens(amount)} tokens  tx ${transaction}`;
}

export function summaryLines(report: Report): string[] {
  const { totals, baselines, rounds } = report;
  const last = rounds.at(-1);
  const lines = [
    `${totals.rounds} rounds, ${totals.members} members, ${totals.seconds.toFixed(0)} s in rounds; ${formatTokens(BigInt(totals.claimed))} of ${formatTokens(BigInt(totals.earned))} earned tokens claimed.`,
  ];
  if (last !== undefined) {
    lines.push(
      `AS on unseen groups ${scores(last.evaluation)}; group mean ${scores(baselines.trainingMean)}; uniform ${scores(baselines.uniform)}.`,
    );
  }
  return [...lines, ...chosenLines(report)];
}

/** What the groups that did not choose say of the best round. */
function chosenLines({ chosen, fallingRounds }: Report): string[] {
  if (chosen === null) return [];
  const { round, groups, scores, groupMean } = chosen;
  const rows: [string, MeasuresView][] = [
    ["model", scores.model],
    ["model without context", scores.withoutContext],
    ["group mean", groupMean],
    ["uniform answers", scores.uniform],
  ];
  if (scores.ceiling !== null) rows.push(["noise ceiling", scores.ceiling]);
  const lines = [
    `Round ${round} is the best by one half of the unseen groups, and export and predict take it. The other half, ${groups.join(", ")}, says:`,
    ...rows.map(([name, measures]) => `  ${name.padEnd(22)} ${measuresText(measures)}`),
  ];
  if (fallingRounds < FALLING_ROUNDS) return lines;
  const warning = `Warning: the last ${fallingRounds} rounds are worse than round ${round}: more training makes this model worse.`;
  return [...lines, warning];
}

function measuresText(measures: MeasuresView): string {
  const { alignment, worst, wasserstein, totalVariation, simbench } = measures;
  const text = `AS ${alignment.toFixed(3)}, worst ${worst.toFixed(3)}, Wasserstein ${wasserstein.toFixed(3)}, TV ${totalVariation.toFixed(3)}`;
  return simbench === null ? text : `${text}, S ${simbench.toFixed(1)}`;
}

function scores({ unseen }: Evaluation): string {
  return `${unseen.mean.toFixed(3)}, worst ${unseen.min.toFixed(3)}`;
}
