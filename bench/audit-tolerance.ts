/**
 * `npm run bench -- audit-tolerance`: how far apart two honest runs of one segment of training end,
 * which an audit in mode `native` must let pass, and how far from them a cheat ends. Members
 * train natively; each segment is run again from its first checkpoint by the native engine, the
 * native engine on two threads, and the WebAssembly engine, and with another group's answers. Drift
 * is segmentDrift's: the largest, over parameters and moments, of the distance between the ends
 * relative to how far the segment moved. Options: --dataset NAME (us-opinion), --members N (6),
 * --every 1,4,8,24 (steps of a segment).
 */
import { parseArgs } from "node:util";
import type { Checkpoint } from "@plenary/protocol";
import { loadDataset } from "@plenary/sdk";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  type Engine,
  openEngine,
  type Predictor,
  segmentDrift,
  type TrainingSettings,
  trainRound,
  trainSegment,
} from "@plenary/training";

const { values } = parseArgs({
  options: {
    dataset: { type: "string", default: "us-opinion" },
    members: { type: "string", default: "6" },
    every: { type: "string", default: "1,4,8,24" },
  },
});
const members = Number(values.members);
const lengths = values.every.split(",").map(Number);
if (![members, ...lengths].every((n) => Number.isInteger(n) && n > 0))
  throw new Error("--members and --every are positive integers.");

const dataset = await loadDataset(values.dataset);
const groups = dataset.split(7).training.slice(0, members + 1);
if (groups.length <= members)
  throw new Error(`${values.dataset} has too few groups for ${members} members.`);
const engines = {
  "native again": await openEngine("native"),
  "native, 2 threads": await openEngine("native", { threads: 2 }),
  wasm: await openEngine("wasm"),
};
const native = engines["native again"];
type Comparison = keyof typeof engines | "other data";
const ROUNDS = [0, 3];

interface Case {
  readonly predictor: Predictor;
  readonly training: TrainingSettings;
  readonly every: number;
}

/** Drifts of all segments of all members, by what they were compared with. */
async function measure({ predictor, training, every }: Case): Promise<Map<Comparison, number[]>> {
  const drifts = new Map<Comparison, number[]>();
  const note = (name: Comparison, drift: number) =>
    drifts.set(name, [...(drifts.get(name) ?? []), drift]);
  const base = predictor.initialParameters(1);
  for (let member = 0; member < members; member++)
    for (const round of ROUNDS) {
      const answers = dataset.answersOf([groups[member] ?? ""]);
      const subject = { predictor, training, base, answers, round, seed: member };
      const ends: Checkpoint[] = [];
      const checkpoints = { every, keep: (checkpoint: Checkpoint) => void ends.push(checkpoint) };
      await trainRound({ ...subject, engine: native, checkpoints });
      for (const [i, end] of ends.entries()) {
        const from = ends[i - 1] ?? null;
        const start = from ?? startOf(end, predictor, base);
        const rerun = (engine: Engine, change: Partial<typeof subject> = {}) =>
          trainSegment({ ...subject, ...change, engine, from, to: end.step });
        for (const [name, engine] of Object.entries(engines))
          note(name as keyof typeof engines, segmentDrift(end, await rerun(engine), start));
        const other = dataset.answersOf([groups[member + 1] ?? ""]);
        note("other data", segmentDrift(end, await rerun(native, { answers: other }), start));
      }
    }
  return drifts;
}

/** The state with which a round's training begins. */
function startOf(end: Checkpoint, predictor: Predictor, base: Int32Array): Checkpoint {
  const moments = end.moments.map(() => new Float32Array(predictor.parameterCount));
  return {
    step: 0,
    optimizerStep: 0,
    parameters: Float32Array.from(base, (x) => x / 2 ** 24),
    moments,
  };
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

for (const name of ["tilt", "gpo"] as const) {
  const predictor = createPredictor(
    DEFAULT_PREDICTOR[name],
    dataset.questionnaire,
    dataset.embeddings,
  );
  const training: TrainingSettings = DEFAULT_TRAINING[name];
  for (const every of lengths.filter((length) => length <= training.localSteps)) {
    const drifts = await measure({ predictor, training, every });
    for (const [comparison, all] of drifts) {
      const sorted = all.toSorted((a, b) => a - b);
      const [least, median, most] = [0, 0.5, 1].map((part) =>
        percentile(sorted, part).toExponential(1),
      );
      process.stdout.write(
        `${name}, segments of ${every}: ${comparison}: ${sorted.length} segments, least ${least}, median ${median}, most ${most}\n`,
      );
    }
  }
}
for (const engine of Object.values(engines)) await engine.close();
