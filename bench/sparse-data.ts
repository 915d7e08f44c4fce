/**
 * `npm run bench -- sparse-data`: whether training holds where members have little. Thinned sets:
 * each training cell of us-opinion and sapa-spi stays with probability .35 or .15, in 8 members of
 * one group; the unseen groups keep all cells. Full sets: us-opinion, gss and sapa-spi as they
 * ship. The product's training and averaging run in process, without a chain. Exit code 0 if the
 * goals hold; the last line has them with the figures. Options: --only thinned|full, --datasets
 * NAME,..., --keep .35,.15, --seeds 1,2,3, --rounds 40, --threads 2, --optimizer kept|fresh,
 * --training JSON (settings to try in place of the defaults), --curve (the score of every round).
 */
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { Case } from "./sparse-data/cases.ts";
import type { Outcome } from "./sparse-data/federate.ts";
import { type Goal, goalsOf, type Summary, summaryOf } from "./sparse-data/goals.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    datasets: { type: "string", default: "" },
    keep: { type: "string", default: ".35,.15" },
    seeds: { type: "string", default: "1,2,3" },
    rounds: { type: "string", default: "40" },
    threads: { type: "string", default: "2" },
    optimizer: { type: "string", default: "kept" },
    training: { type: "string", default: "{}" },
    curve: { type: "boolean", default: false },
  },
});
if (!["", "thinned", "full"].includes(values.only)) throw new Error("--only is thinned or full.");
if (values.optimizer !== "kept" && values.optimizer !== "fresh")
  throw new Error("--optimizer is kept or fresh.");

function casesWanted(): Case[] {
  const chosen = values.datasets === "" ? null : values.datasets.split(",");
  const shared = {
    rounds: Number(values.rounds),
    fresh: values.optimizer === "fresh",
    training: JSON.parse(values.training) as Case["training"],
  };
  const cases = (names: readonly string[], keeps: readonly number[]) =>
    (chosen?.filter((name) => names.includes(name)) ?? names).flatMap((dataset) =>
      keeps.flatMap((keep) =>
        values.seeds.split(",").map((seed) => ({ ...shared, dataset, keep, seed: Number(seed) })),
      ),
    );
  const thinned = cases(["us-opinion", "sapa-spi"], values.keep.split(",").map(Number));
  const full = cases(["us-opinion", "gss", "sapa-spi"], [1]);
  return [...(values.only === "full" ? [] : thinned), ...(values.only === "thinned" ? [] : full)];
}

/** Gives each thread the next case when it is done with one. */
async function run(cases: readonly Case[], done: (outcome: Outcome) => void): Promise<void> {
  const queue = [...cases];
  const threads = Array.from({ length: Math.min(Number(values.threads), cases.length) }, () => {
    const worker = new Worker(new URL("./sparse-data/worker.ts", import.meta.url));
    const next = () => worker.postMessage(queue.shift() ?? null);
    return new Promise<void>((resolve, reject) => {
      worker.on("message", (outcome: Outcome) => {
        done(outcome);
        next();
      });
      worker.on("error", reject);
      worker.on("exit", () => resolve());
      next();
    });
  });
  await Promise.all(threads);
}

function print(outcome: Outcome): void {
  const { tried } = outcome;
  const { last, best, bestRound, trained, worst, groupMean, groupMeanWorst } = summaryOf(outcome);
  const name = `${tried.dataset} ${tried.keep === 1 ? "full" : tried.keep} seed ${tried.seed}`;
  const figures = [last, best, trained, groupMean, worst, groupMeanWorst];
  const columns = figures.map((figure) => figure.toFixed(4).padStart(9)).join("");
  console.log(
    `${name.padEnd(24)}${String(outcome.cells).padStart(6)}${columns}   ${bestRound} of ${tried.rounds}`,
  );
  if (values.curve)
    console.log(`  ${outcome.all.map(({ mean }) => mean.toFixed(4).slice(1)).join(" ")}`);
}

function describe({ name, holds, figures }: Goal): string {
  return `${holds ? "holds" : "MISSED"}: ${name} (${figures})`;
}

console.log(
  `${"".padEnd(24)} cells     last     best  trained   g.mean    worst  g.worst   best round`,
);
const outcomes: Outcome[] = [];
await run(casesWanted(), (outcome) => {
  outcomes.push(outcome);
  print(outcome);
});
const goals = goalsOf(outcomes.map((outcome): Summary => summaryOf(outcome)));
console.log(goals.map(describe).join("; "));
process.exitCode = goals.every(({ holds }) => holds) ? 0 : 1;
