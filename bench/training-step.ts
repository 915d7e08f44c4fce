/**
 * `npm run bench -- training-step`: CPU time of a training step (forward, backward, AdamW) in the
 * graphs of @plenary/training and in PyTorch eager, same parameters, same batch, one thread. Three
 * models: the default predictor, the small GPO transformer, and the size of PluralLLM's. The two
 * sides alternate; figures are medians. PyTorch runs in a child process: see python.ts for where it
 * comes from. Options: --rounds N (alternations, default 3), --steps N (a measurement's steps,
 * default 40).
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { toFloat32 } from "@plenary/protocol";
import { loadDataset } from "@plenary/sdk";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  openEngine,
  optimizers,
  type Predictor,
} from "@plenary/training";
import { preparePython, pythonEnvironment } from "./python.ts";

const WARMUP = 10;
const GOAL = 1.1;
const TORCH_SCRIPT = fileURLToPath(new URL("training/torch_step.py", import.meta.url));
const CONTEXT = 20;
const TARGETS = 30;

type Arrays = Record<string, Float32Array | BigInt64Array>;

interface Measurement {
  /** Of the first step: both sides must agree. */
  readonly loss: number;
  readonly milliseconds: readonly number[];
}

interface Case {
  readonly name: string;
  readonly predictor: Predictor;
  readonly tasks: number;
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, steps: { type: "string", default: "40" } },
});
const [rounds, steps] = [values.rounds, values.steps].map(Number) as [number, number];
if (![rounds, steps].every((n) => Number.isInteger(n) && n > 0))
  throw new Error("--rounds and --steps are positive integers.");

const dataset = await loadDataset("us-opinion");
const { questionnaire, embeddings } = dataset;
const positions = new Map(questionnaire.questions.map(({ id }, index) => [id, index]));
const groups = dataset.answers.groups.map(({ answers }) =>
  answers.map(({ question, counts }) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return { question: positions.get(question)!, shares: counts.map((count) => count / total) };
  }),
);

/**
 * Where the predictors place the options of each question in the table of questions x options.
 */
function tableLayout() {
  const counts = questionnaire.questions.map(({ options }) => options.length);
  const width = Math.max(...counts);
  const forward: bigint[] = [];
  const inverse: bigint[] = [];
  counts.forEach((count, question) => {
    for (let option = 0; option < width; option++) {
      forward.push(BigInt(option < count ? inverse.length : embeddings.count));
      if (option < count) inverse.push(BigInt(question * width + option));
    }
  });
  return { width, forward, inverse };
}

/** What PyTorch needs besides the graph's inputs: the constants inside the graph. */
function constantsOf({ configuration }: Predictor): {
  arrays: Arrays;
  questions: number;
  width: number;
} {
  const { width, forward, inverse } = tableLayout();
  const { dimension } = embeddings;
  const matrix = embeddings.matrix();
  if (configuration.name === "gpo") {
    const table = new Float32Array(matrix.length + dimension);
    table.set(matrix);
    return { arrays: { table }, questions: CONTEXT + TARGETS, width };
  }
  const features = new Float32Array(embeddings.count * (dimension + 2));
  let row = 0;
  for (const { options } of questionnaire.questions)
    options.forEach((_, option) => {
      features.set(matrix.subarray(row * dimension, (row + 1) * dimension), row * (dimension + 2));
      features.set(
        [option / (options.length - 1), 1 / options.length],
        row * (dimension + 2) + dimension,
      );
      row++;
    });
  const arrays = {
    features,
    forward: BigInt64Array.from(forward),
    inverse: BigInt64Array.from(inverse),
  };
  return { arrays, questions: questionnaire.questions.length, width };
}

function batchOf({ predictor, tasks }: Case) {
  const drawn = Array.from({ length: tasks }, (_, task) => {
    const answers = groups[task]!;
    return {
      context: answers.slice(0, CONTEXT),
      targets: answers.slice(CONTEXT, CONTEXT + TARGETS),
    };
  });
  const base = toFloat32(predictor.initialParameters(1));
  const program = predictor.training({ tasks, questions: CONTEXT + TARGETS });
  return { base, program, feeds: program.feeds(base, drawn, groups.slice(0, tasks)) };
}

async function measureHere(item: Case): Promise<Measurement> {
  const { predictor } = item;
  const { base, program, feeds } = batchOf(item);
  const training = trainingOf(predictor);
  const engine = await openEngine("native");
  const session = await engine.load(program.model);
  const parameters = base.slice();
  let state = optimizers.adamw.init(parameters.length);
  const milliseconds: number[] = [];
  let first = Number.NaN;
  for (let step = 0; step < WARMUP + steps; step++) {
    const start = process.cpuUsage();
    const { loss, gradient } = await session.run({ ...feeds, theta: parameters });
    const update = { parameters, gradient: gradient!, settings: { weightDecay: 0 } };
    for (const { from, to, role } of predictor.blocks) {
      const stretch = { ...update, from, to };
      if (role === "network")
        optimizers.adamw.apply({ ...stretch, state, learningRate: training.learningRate });
      else optimizers.sgd.apply({ ...stretch, state, learningRate: training.priorLearningRate });
    }
    state = { ...state, step: state.step + 1 };
    const { user, system } = process.cpuUsage(start);
    if (step === 0) first = loss![0]!;
    if (step >= WARMUP) milliseconds.push((user + system) / 1000);
  }
  await engine.close();
  return { loss: first, milliseconds };
}

function trainingOf({ configuration }: Predictor) {
  return configuration.name === "gpo" ? DEFAULT_TRAINING.gpo : DEFAULT_TRAINING.tilt;
}

async function measureTorch(item: Case, python: string): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), "training-step-"));
  try {
    const { base, program, feeds } = batchOf(item);
    const { arrays, questions, width } = constantsOf(item.predictor);
    const shapes: Record<string, readonly number[]> = {
      features: [embeddings.count, embeddings.dimension + 2],
      table: [embeddings.count + 1, embeddings.dimension],
    };
    const entries = Object.entries({ ...feeds, ...arrays, theta: base }).map(
      async ([name, array]) => {
        await writeFile(join(folder, `${name}.bin`), array);
        const shape = program.model.inputs[name]?.shape ?? shapes[name] ?? [array.length];
        const type = array instanceof BigInt64Array ? "int64" : "float32";
        return [name, { file: `${name}.bin`, type, shape }] as const;
      },
    );
    const { learningRate, priorLearningRate } = trainingOf(item.predictor);
    const { configuration, blocks } = item.predictor;
    const layout = { questions, width };
    const description = {
      configuration,
      blocks,
      layout,
      learningRate,
      priorLearningRate,
      warmup: WARMUP,
      steps,
    };
    const written = { ...description, feeds: Object.fromEntries(await Promise.all(entries)) };
    await writeFile(join(folder, "case.json"), JSON.stringify(written));
    const { stdout } = await promisify(execFile)(python, [TORCH_SCRIPT, folder], {
      env: pythonEnvironment(),
    });
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

async function compare(item: Case, python: string): Promise<number> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const here = await measureHere(item);
    const torch = await measureTorch(item, python);
    if (Math.abs(here.loss - torch.loss) > 1e-4 * Math.abs(torch.loss))
      throw new Error(
        `${item.name}: the two sides differ, loss ${here.loss} here and ${torch.loss} there.`,
      );
    ours.push(...here.milliseconds);
    theirs.push(...torch.milliseconds);
  }
  const ratio = median(ours) / median(theirs);
  const parameters = `${item.predictor.parameterCount} parameters, ${item.tasks} tasks`;
  console.log(
    `${item.name.padEnd(22)} ${parameters.padEnd(30)} here ${median(ours).toFixed(2)} ms, PyTorch ${median(theirs).toFixed(2)} ms, ratio ${ratio.toFixed(3)}`,
  );
  return ratio;
}

const large = {
  name: "gpo",
  layers: 6,
  width: 128,
  heads: 4,
  feedForward: 128,
  likelihood: "cross-entropy",
};
const make = (configuration: { readonly name: string }) =>
  createPredictor(configuration, questionnaire, embeddings);
const cases: Case[] = [
  {
    name: "tilt (default)",
    predictor: make(DEFAULT_PREDICTOR.tilt),
    tasks: DEFAULT_TRAINING.tilt.tasksPerStep,
  },
  { name: "gpo, 2 layers of 64", predictor: make(DEFAULT_PREDICTOR.gpo), tasks: 1 },
  { name: "gpo, 6 layers of 128", predictor: make(large), tasks: 1 },
];
const python = await preparePython("torch");
console.log(`Median CPU time of a step, one thread, ${cpus()[0]?.model ?? "unknown CPU"}`);
const ratios: number[] = [];
for (const item of cases) ratios.push(await compare(item, python));
const worst = Math.max(...ratios);
console.log(
  `CPU time against PyTorch eager, at worst: ratio ${worst.toFixed(3)} (goal: at most ${GOAL})`,
);
