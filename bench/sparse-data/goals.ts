import type { Case } from "./cases.ts";
import type { Outcome } from "./federate.ts";

/** What the goals are about, of one case. */
export interface Summary {
  readonly tried: Case;
  /** Mean alignment of the unseen groups on all questions, after the last and the best round. */
  readonly last: number;
  readonly best: number;
  /** 1, 2, ... */
  readonly bestRound: number;
  /** After the last round, on the questions that a member answered: mean and worst group. */
  readonly trained: number;
  readonly worst: number;
  /** The same of the group mean. */
  readonly groupMean: number;
  readonly groupMeanWorst: number;
}

export function summaryOf(outcome: Outcome): Summary {
  const means = outcome.all.map(({ mean }) => mean);
  const best = Math.max(...means);
  const trained = outcome.trained.at(-1)!;
  return {
    tried: outcome.tried,
    last: means.at(-1)!,
    best,
    bestRound: means.indexOf(best) + 1,
    trained: trained.mean,
    worst: trained.worst,
    groupMean: outcome.groupMean.mean,
    groupMeanWorst: outcome.groupMean.worst,
  };
}

export interface Goal {
  readonly name: string;
  readonly holds: boolean;
  readonly figures: string;
}

const MOST_BELOW_BEST = 0.003;
const LEAST_OVER_MEAN = 0.01;
const MOST_BELOW_BEFORE = 0.002;

/**
 * Last round on the full sets before training adapted to what a member has, of seeds 1, 2, ... as
 * far as they were measured.
 */
const BEFORE: Readonly<Record<string, readonly number[]>> = {
  "us-opinion": [0.9458, 0.9511, 0.9501],
  gss: [0.9467, 0.9563, 0.9558],
  "sapa-spi": [0.9256],
};

function before({ tried: { dataset, seed } }: Summary): number | undefined {
  return BEFORE[dataset]?.[seed - 1];
}

export function goalsOf(summaries: readonly Summary[]): Goal[] {
  const thinned = summaries.filter(({ tried }) => tried.keep < 1);
  const full = summaries.filter(({ tried }) => tried.keep === 1);
  return [
    ...bySet(thinned).flatMap(([name, cases]) => [
      most(`${name}: last round below the best`, cases, (s) => s.best - s.last, MOST_BELOW_BEST),
      least(`${name}: over the group mean`, cases, (s) => s.trained - s.groupMean, LEAST_OVER_MEAN),
      least(`${name}: worst group over its worst`, cases, (s) => s.worst - s.groupMeanWorst, 0),
    ]),
    ...bySet(full).flatMap(([name, cases]) => {
      const compared = cases.filter((summary) => before(summary) !== undefined);
      if (compared.length === 0) return [];
      return [most(`${name}: lost`, compared, (s) => before(s)! - s.last, MOST_BELOW_BEFORE)];
    }),
  ];
}

function bySet(summaries: readonly Summary[]): [string, readonly Summary[]][] {
  const sets = Map.groupBy(summaries, ({ tried }) =>
    tried.keep === 1 ? tried.dataset : `${tried.dataset} ${tried.keep}`,
  );
  return [...sets];
}

type Measure = (summary: Summary) => number;

function most(name: string, cases: readonly Summary[], measure: Measure, limit: number): Goal {
  const { mean, figures } = spread(cases, measure);
  return { name: `${name}, at most ${limit}`, holds: mean <= limit, figures };
}

function least(name: string, cases: readonly Summary[], measure: Measure, limit: number): Goal {
  const { mean, figures } = spread(cases, measure);
  return { name: `${name}, at least ${limit}`, holds: mean >= limit, figures };
}

/** The goals are about the mean over the seeds; each seed's figure is shown. */
function spread(cases: readonly Summary[], measure: Measure): { mean: number; figures: string } {
  const each = cases.map(measure);
  const mean = each.reduce((sum, x) => sum + x, 0) / each.length;
  return { mean, figures: `${mean.toFixed(4)}, ${each.map((x) => x.toFixed(4)).join(" ")}` };
}
