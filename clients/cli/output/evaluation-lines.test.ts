import assert from "node:assert/strict";
import { test } from "node:test";
import type { EvaluationView, MeasuresView, RoundView } from "@plenary/protocol";
import type { FederationStatus } from "@plenary/sdk";
import { evaluationLines, scoresText } from "./evaluation-lines.ts";
import { participationLine } from "./participation-lines.ts";

const measures = (alignment: number): MeasuresView => ({
  alignment,
  worst: alignment - 0.01,
  wasserstein: 0.05,
  totalVariation: 0.1,
  simbench: alignment === 0.78 ? null : 60,
});
const scores = {
  cells: 90,
  model: measures(0.945),
  withoutContext: measures(0.9),
  uniform: measures(0.78),
  ceiling: measures(0.97),
};
const evaluation: EvaluationView = {
  mean: 0.94,
  min: 0.93,
  fairness: 1,
  groups: [],
  halves: {
    choosing: { groups: ["a"], alignment: 0.94 },
    reporting: { groups: ["b", "c"], trained: scores, untrained: { ...scores, ceiling: null } },
  },
};

function statusWith(fallingRounds: number): FederationStatus {
  const round = (number: string) => ({ number, evaluation }) as RoundView;
  return {
    federation: { fallingRounds },
    chosen: round("4"),
    evaluated: round("9"),
  } as FederationStatus;
}

test("status shows the chosen round beside what it is compared with, and the last round", () => {
  assert.deepEqual(evaluationLines(statusWith(2)), [
    "model: round 4 is the best on held-out groups; export and predict take it",
    "  questions that members trained          AS       worst Wasserstein          TV           S",
    "    model                              0.945       0.935       0.050       0.100        60.0",
    "    without context                    0.900       0.890       0.050       0.100        60.0",
    "    uniform answers                    0.780       0.770       0.050       0.100           -",
    "    noise ceiling                      0.970       0.960       0.050       0.100        60.0",
    "  questions that nobody trained           AS       worst Wasserstein          TV           S",
    "    model                              0.945       0.935       0.050       0.100        60.0",
    "    without context                    0.900       0.890       0.050       0.100        60.0",
    "    uniform answers                    0.780       0.770       0.050       0.100           -",
    "  reported by the held-out groups that did not choose: b, c",
    "  last: round 9, AS 0.945 on held-out groups (without context 0.900, uniform 0.780, noise ceiling 0.970), worst 0.935",
  ]);
  assert.match(
    evaluationLines(statusWith(3)).at(-1) ?? "",
    /^warning: the last 3 evaluated rounds/,
  );
});

test("an older service's evaluation has one line without halves", () => {
  const { halves: _, ...older } = evaluation;
  assert.equal(scoresText(older), "AS 0.940 on held-out groups, worst 0.930");
});

test("train tells of each evaluation, and warns of a fall", () => {
  const event = { type: "evaluated", round: 4n, evaluation, chosenRound: 4n } as const;
  assert.match(
    participationLine({ ...event, fallingRounds: 0 }) ?? "",
    /^round 4: AS 0\.945 .*; the best so far$/,
  );
  assert.match(
    participationLine({ ...event, round: 9n, fallingRounds: 5 }) ?? "",
    /^round 9: .*; the best is round 4\nwarning: the last 5 /,
  );
});
