/**
 * `npm run bench -- round`: a whole round of federated averaging with ready updates (no training),
 * against Flower's gRPC round.
 *
 * Ours: database, queue, chain, server and worker as `npm start` runs them, and one process a
 * member. From the round's opening to its commit on chain: every member reads the round, signs its
 * encoded update and uploads it; the service stores it durably, signs a receipt, screens and folds
 * it (with its own computation of the update's root); then server step, roots, manifest and
 * round_commit. Also measured, as "whole": every member first downloads the base model and
 * computes its root, then encodes and hashes its update. Flower: its gRPC server with FedAvg and
 * one process a client, each returning arrays that it already has. From the choice of clients to
 * the new parameters in memory: nothing is signed, stored or committed; the parameters
 * go out to the clients. (flwr 1.41 serves its newer SuperLink over HTTP; start_server and
 * start_client speak gRPC and do not poll.)
 *
 * Rounds of both alternate, after a warm-up; figures are medians. Options: --clients N,
 * --parameters N, --rounds N, --warmup N.
 */
import { parseArgs } from "node:util";
import { vectorRootFast } from "@plenary/algorithms";
import { startFlower } from "./round/flower.ts";
import { describeMachine, describeSeconds, median, positiveInteger } from "./round/measure.ts";
import { type RoundTimes, startPlenary } from "./round/plenary.ts";
import { type Part, processorSeconds } from "./round/processor-time.ts";
import { startBenchStack } from "./round/stack.ts";

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "10" },
    parameters: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "9" },
    warmup: { type: "string", default: "3" },
  },
});
const clients = positiveInteger("clients", values.clients);
const parameters = positiveInteger("parameters", values.parameters);
const rounds = positiveInteger("rounds", values.rounds);
const warmup = positiveInteger("warmup", values.warmup);
/** The comparison uses the last one's ratio. */
const WAYS = [
  { codec: "int8", way: "whole" },
  { codec: "int32", way: "whole" },
  { codec: "int8", way: "ready" },
  { codec: "int32", way: "ready" },
] as const;

const say = (line: string) => process.stdout.write(`${line}\n`);
const seconds = (list: readonly number[]) =>
  describeSeconds(list.map((milliseconds) => milliseconds / 1_000));

/** Milliseconds of one vector root, in a warm process. */
function rootMilliseconds(): number {
  const vector = new Int32Array(parameters).fill(12_345);
  const times = Array.from({ length: 9 }, () => {
    const began = performance.now();
    vectorRootFast(vector);
    return performance.now() - began;
  });
  return median(times);
}

function report(title: string, times: readonly RoundTimes[]): void {
  const of = (part: Exclude<keyof RoundTimes, "members">) =>
    seconds(times.map((round) => round[part]));
  const member = (part: "download" | "encode" | "upload") =>
    seconds(times.flatMap(({ members }) => members.map((each) => each[part])));
  say(`Plenary, ${title}: ${of("total")}, of which`);
  say(`  until the last update is stored     ${of("upload")}`);
  say(`    a member: round, base model       ${member("download")}`);
  say(`    a member: encode, hash, sign      ${member("encode")}`);
  say(`    a member: upload until receipt    ${member("upload")}`);
  say(`  rest of screening and folding       ${of("screening")}`);
  say(`  completion: step, roots, manifest   ${of("completion")}`);
  say(`  chain: round_commit confirmed       ${of("chain")}`);
}

/** Runs and adds the processor time that each part used meanwhile. */
async function counting<T>(sums: Map<Part, number>, run: () => Promise<T>): Promise<T> {
  const before = processorSeconds();
  const result = await run();
  for (const [part, seconds] of Object.entries(processorSeconds()) as [Part, number][])
    sums.set(part, (sums.get(part) ?? 0) + seconds - (before[part] ?? 0));
  return result;
}

function reportProcessor(sums: ReadonlyMap<Part, number>): void {
  const each = [...sums].map(([part, seconds]) => [part, seconds / rounds] as const);
  const total = each.reduce((sum, [, seconds]) => sum + seconds, 0);
  const list = each
    .filter(([, seconds]) => seconds >= 0.005)
    .map(([part, seconds]) => `${part} ${seconds.toFixed(3)}`);
  say(`  processor seconds a round, all processes: ${total.toFixed(3)} (${list.join(", ")})`);
}

async function main(): Promise<void> {
  say(describeMachine());
  say(
    `${clients} clients x ${parameters} parameters, ${rounds} rounds each after ${warmup} to warm up`,
  );
  const stack = await startBenchStack();
  const stops: (() => Promise<void>)[] = [() => stack.stop()];
  try {
    const flower = await startFlower({
      clients,
      parameters,
      rounds: rounds + warmup + 1,
      ports: stack.ports,
    });
    stops.unshift(() => flower.stop());
    const plenary = await startPlenary({ stack, clients, parameters, ways: WAYS });
    stops.unshift(() => plenary.stop());
    const sides = WAYS.map(({ codec, way }) => ({
      title: `${codec}, ${way}`,
      times: [] as RoundTimes[],
      processor: new Map<Part, number>(),
    }));
    const flowerTimes: number[] = [];
    const flowerProcessor = new Map<Part, number>();
    for (let turn = 0; turn < rounds + warmup; turn++) {
      const [ignored, warm] = [new Map<Part, number>(), turn >= warmup];
      flowerTimes.push(await counting(warm ? flowerProcessor : ignored, flower.round));
      for (const [place, { times, processor }] of sides.entries())
        times.push(await counting(warm ? processor : ignored, () => plenary.round(place)));
    }
    const theirs = flowerTimes.slice(warmup);
    say(`One vector root of this size takes ${(rootMilliseconds() / 1_000).toFixed(3)} s.`);
    say(`Flower, gRPC: ${describeSeconds(theirs)}`);
    reportProcessor(flowerProcessor);
    for (const { title, times, processor } of sides) {
      report(title, times.slice(warmup));
      reportProcessor(processor);
    }
    for (const { title, times } of sides) {
      const ours = median(times.slice(warmup).map(({ total }) => total / 1_000));
      say(`Plenary (${title}) / Flower: ${(ours / median(theirs)).toFixed(2)}`);
    }
  } finally {
    for (const stop of stops) await stop();
  }
}

await main();
