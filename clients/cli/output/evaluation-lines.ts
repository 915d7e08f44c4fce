import {
  type EvaluationView,
  FALLING_ROUNDS,
  type MeasuresView,
  type ScoresView,
} from "@plenary/protocol";
import type { FederationStatus } from "@plenary/sdk";

const HEADER = ["AS", "worst", "Wasserstein", "TV", "S"];

/**
 * How good the model is, as `plenary status` prints it: the chosen round beside what it has to be
 * compared with, the last round, and a warning if training makes the model worse.
 */
export function evaluationLines({ federation, chosen, evaluated }: FederationStatus): string[] {
  const lines: string[] = [];
  if (chosen?.evaluation?.halves !== undefined) {
    const { groups, trained, untrained } = chosen.evaluation.halves.reporting;
    lines.push(
      `model: round ${chosen.number} is the best on held-out groups; export and predict take it`,
    );
    if (trained !== null) lines.push(...table("questions that members trained", trained));
    if (untrained !== null) lines.push(...table("questions that nobody trained", untrained));
    lines.push(`  reported by the held-out groups that did not choose: ${groups.join(", ")}`);
  }
  if (evaluated?.evaluation && evaluated.number !== chosen?.number)
    lines.push(`  last: round ${evaluated.number}, ${scoresText(evaluated.evaluation)}`);
  if (federation.fallingRounds >= FALLING_ROUNDS) lines.push(fallingText(federation.fallingRounds));
  return lines;
}

/** A round's scores in one line, by the reporting half of the held-out groups. */
export function scoresText({ mean, min, halves }: EvaluationView): string {
  const trained = halves?.reporting.trained ?? null;
  if (trained === null) return `AS ${mean.toFixed(3)} on held-out groups, worst ${min.toFixed(3)}`;
  const { model, withoutContext, uniform, ceiling } = trained;
  const beside = [
    `without context ${withoutContext.alignment.toFixed(3)}`,
    `uniform ${uniform.alignment.toFixed(3)}`,
    ...(ceiling === null ? [] : [`noise ceiling ${ceiling.alignment.toFixed(3)}`]),
  ];
  return `AS ${model.alignment.toFixed(3)} on held-out groups (${beside.join(", ")}), worst ${model.worst.toFixed(3)}`;
}

/** What a fall over several rounds means, and what helps. */
export function fallingText(rounds: number): string {
  return `warning: the last ${rounds} evaluated rounds are worse than the best one: more training makes this model worse. Export and predict take the best round; the authority can stop rounds with plenary federation pause.`;
}

function table(what: string, scores: ScoresView): string[] {
  const rows: [string, MeasuresView][] = [
    ["model", scores.model],
    ["without context", scores.withoutContext],
    ["uniform answers", scores.uniform],
  ];
  if (scores.ceiling !== null) rows.push(["noise ceiling", scores.ceiling]);
  return [
    `  ${what.padEnd(30)} ${HEADER.map((name) => name.padStart(11)).join(" ")}`,
    ...rows.map(([name, measures]) => `    ${name.padEnd(28)} ${cells(measures)}`),
  ];
}

function cells({ alignment, worst, wasserstein, totalVariation, simbench }: MeasuresView): string {
  const values = [alignment, worst, wasserstein, totalVariation].map((value) => value.toFixed(3));
  return [...values, simbench === null ? "-" : simbench.toFixed(1)]
    .map((value) => value.padStart(11))
    .join(" ");
}
