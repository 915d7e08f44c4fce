/**
 * `npm run bench -- fold`: folding 100 updates of 1,000,000 parameters, against Flower's
 * aggregation functions in one Python thread.
 *
 * Both sides begin with the updates in memory and end with their weighted mean. Runs alternate,
 * after a warm-up; figures are medians. Flower runs as installed, and again with the allocator
 * settings with which it is fastest. Options: --updates N, --parameters N, --repeats N, --python
 * PATH (a Python with bench/requirements.txt installed).
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createAggregator, createCodec } from "@plenary/algorithms";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const INSTALL = `Flower is needed for the other side. Install it and run again:
  python3 -m venv .venv && .venv/bin/pip install -r bench/requirements.txt
  npm run bench -- fold --python .venv/bin/python`;

const { values } = parseArgs({
  options: {
    updates: { type: "string", default: "100" },
    parameters: { type: "string", default: "1000000" },
    repeats: { type: "string", default: "9" },
    python: {
      type: "string",
      default: existsSync(`${ROOT}.venv/bin/python`) ? `${ROOT}.venv/bin/python` : "python3",
    },
  },
});
const [updates, parameters, repeats] = [values.updates, values.parameters, values.repeats].map(
  Number,
);
if (![updates, parameters, repeats].every((n) => Number.isInteger(n) && n! > 0))
  throw new Error("--updates, --parameters and --repeats are positive integers.");

interface Flower {
  readonly versions: string;
  seconds(name: string): Promise<number>;
  stop(): void;
}

// With glibc's default thresholds every temporary array is mapped and faulted in again, which takes
// most of Flower's time.
const TUNED_ALLOCATOR = {
  MALLOC_MMAP_THRESHOLD_: "1000000000",
  MALLOC_TRIM_THRESHOLD_: "1000000000",
};

async function startFlower(allocator: Readonly<Record<string, string>> = {}): Promise<Flower> {
  const settings = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", FLWR_TELEMETRY_ENABLED: "0" };
  const child = spawn(
    values.python,
    [`${ROOT}bench/flower/fold.py`, `${updates}`, `${parameters}`],
    {
      env: { ...process.env, ...settings, ...allocator },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${INSTALL}\n${errors.trim().split("\n").at(-1) ?? ""}`);
    return JSON.parse(value);
  };
  const { flwr, numpy, python } = await next();
  return {
    versions: `flwr ${flwr}, NumPy ${numpy}, Python ${python}`,
    seconds: async (name) => {
      child.stdin.write(`${name}\n`);
      return Number((await next()).seconds);
    },
    stop: () => child.stdin.end(),
  };
}

const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

function randomUpdate(seed: number): Int32Array {
  let state = seed;
  return Int32Array.from({ length: parameters! }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state >> 8;
  });
}

const mean = createAggregator({ name: "mean" });

/** Peak memory that folding adds to this process, update after update in the same buffer. */
function showMemory(): void {
  const update = randomUpdate(1);
  const before = process.resourceUsage().maxRSS;
  const accumulator = mean.incremental!.start(parameters!);
  for (let i = 1; i <= updates!; i++) {
    accumulator.fold(update, i);
    if (i !== 1 && i !== 10 && i !== updates) continue;
    const extra = (process.resourceUsage().maxRSS - before) / 1024;
    console.log(
      `  extra memory after ${String(i).padStart(4)} updates: ${extra.toFixed(1)} MB (sums alone: ${((parameters! * 8) / 2 ** 20).toFixed(1)} MB)`,
    );
  }
}

function seconds(work: () => unknown): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

function foldTogether(list: readonly Int32Array[]): Int32Array {
  return mean.aggregate(list.map((delta, i) => ({ delta, weight: 100 + i })));
}

function foldOneByOne(list: Iterable<Int32Array>): Int32Array {
  const accumulator = mean.incremental!.start(parameters!);
  for (const delta of list) accumulator.fold(delta, 100);
  return accumulator.finish();
}

console.log(
  `fold: ${updates} updates x ${parameters} parameters, median of ${repeats} alternating runs`,
);
console.log(
  `  ${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}, ${process.platform}`,
);
showMemory();
const [flower, tuned] = await Promise.all([startFlower(), startFlower(TUNED_ALLOCATOR)]).catch(
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
console.log(`  ${flower.versions}`);

const list = Array.from({ length: updates! }, (_, i) => randomUpdate(i + 1));
const int8 = createCodec({ name: "int8" });
const payloads = list.map((delta) => int8.encode(delta));
function* decoded(list: readonly Uint8Array[]): Iterable<Int32Array> {
  for (const payload of list) yield int8.decode(payload, parameters!);
}
const sides: Record<string, () => Promise<number>> = {
  "plenary, together": async () => seconds(() => foldTogether(list)),
  "plenary, one by one": async () => seconds(() => foldOneByOne(list)),
  "plenary, from int8 payloads": async () => seconds(() => foldOneByOne(decoded(payloads))),
  "flower, serverapp (current)": () => flower.seconds("serverapp"),
  "flower, serverapp, tuned allocator": () => tuned.seconds("serverapp"),
  "flower, server, tuned allocator": () => tuned.seconds("inplace"),
};
const times: Record<string, number[]> = Object.fromEntries(
  Object.keys(sides).map((name) => [name, []]),
);
for (let run = -2; run < repeats!; run++)
  for (const [name, side] of Object.entries(sides)) {
    const time = await side();
    if (run >= 0) times[name]!.push(time);
  }
flower.stop();
tuned.stop();

for (const [name, all] of Object.entries(times))
  console.log(
    `  ${name.padEnd(36)} ${(median(all) * 1000).toFixed(1).padStart(8)} ms  (${((median(all) * 1000) / updates!).toFixed(3)} an update; ${(Math.min(...all) * 1000).toFixed(1)} to ${(Math.max(...all) * 1000).toFixed(1)})`,
  );
const ratioTo = (name: string): string =>
  (median(times[name]!) / median(times["plenary, together"]!)).toFixed(2);
console.log(
  `ratio (Flower, tuned allocator / Plenary): ${ratioTo("flower, serverapp, tuned allocator")}`,
);
console.log(`ratio (Flower / Plenary, goal >= 2): ${ratioTo("flower, serverapp (current)")}`);
