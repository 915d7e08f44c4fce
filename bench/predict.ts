/**
 * `npm run bench -- predict`: predictions for many groups, one by one and in a batch, from code and
 * over REST, and how often their intervals hold. A model is trained on the training groups of each
 * split; the first half of the unseen groups sets the width of the intervals, the second measures
 * their coverage. Options: --dataset NAME (us-opinion), --splits 7,20,21, --rounds 12,
 * --predictions 10000 (pairs of a group and a question; each group shows 20 answers and is asked 50
 * questions, or 1), --level 0.9. Ends with 0 if a batch of all predictions takes less than 10
 * processor seconds.
 */
import { parseArgs } from "node:util";
import { randomStream, toFixedPoint } from "@plenary/protocol";
import { loadDataset } from "@plenary/sdk";
import {
  type AskedGroup,
  calibrate,
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  intervalRules,
  openEngine,
  predict,
  predictGroups,
  trainRound,
} from "@plenary/training";
import { startPredicting } from "./predict/rest.ts";

const { values } = parseArgs({
  options: {
    dataset: { type: "string", default: "us-opinion" },
    splits: { type: "string", default: "7,20,21" },
    rounds: { type: "string", default: "12" },
    predictions: { type: "string", default: "10000" },
    level: { type: "string", default: "0.9" },
  },
});
const GOAL_SECONDS = 10;
/** Predictions that are made one by one: the rest would take the same time each. */
const ONE_BY_ONE = 200;
const SHOWN = 20;
const predictions = Number(values.predictions);
const rounds = Number(values.rounds);
const dataset = await loadDataset(values.dataset);
const { questionnaire } = dataset;
const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, dataset.embeddings);
const engine = await openEngine("native");

async function trained(groups: readonly string[]): Promise<Int32Array> {
  const training = { ...DEFAULT_TRAINING.tilt, scheduleRounds: rounds };
  const answers = dataset.answersOf(groups);
  let base = predictor.initialParameters(1);
  for (let round = 0; round < rounds; round += 1) {
    const input = { predictor, training, base, answers, round, seed: 1, engine };
    base = toFixedPoint((await trainRound(input)).after);
  }
  return base;
}

/** Groups with made-up answers, each asked so many questions. */
function groupsAsked(questions: number): AskedGroup[] {
  const random = randomStream(1, "bench groups");
  return Array.from({ length: Math.ceil(predictions / questions) }, () => {
    const order = random.shuffled(questionnaire.questions);
    const context = order.slice(0, SHOWN).map(({ id, options }) => ({
      question: id,
      counts: options.map(() => 1 + random.below(100)),
    }));
    return { context, questions: order.slice(SHOWN, SHOWN + questions).map(({ id }) => id) };
  });
}

/** Processor seconds, which a busy machine changes less than the clock's. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

let model = predictor.initialParameters(1);
console.log(`${dataset.name}, intervals at ${values.level}: the part of shares that they hold`);
console.log("split  questions  answers shown  coverage    shares  groups  mean half at .3");
for (const split of values.splits.split(",").map(Number)) {
  const { training, unseen } = dataset.split(split);
  model = await trained(training);
  const answers = dataset.answersOf(unseen);
  const input = { predictor, model, answers, engine, seed: 7, halves: split };
  for (const rule of intervalRules(await calibrate(input), Number(values.level))) {
    const half = rule.factor * Math.sqrt(0.3 * 0.7 + 0.01);
    console.log(
      `${String(split).padStart(5)}  ${rule.questions.padEnd(9)}  ${String(rule.context).padStart(13)}  ${rule.coverage.toFixed(3).padStart(8)}  ${String(rule.shares).padStart(8)}  ${String(rule.groups).padStart(6)}  ${half.toFixed(3).padStart(15)}`,
    );
  }
}

let slowest = 0;
let ratio = 0;
for (const name of ["native", "wasm"] as const) {
  const running = await openEngine(name);
  for (const questions of [50, 1]) {
    const groups = groupsAsked(questions);
    const single = groups.slice(0, ONE_BY_ONE);
    // The first run builds the graphs.
    await predict({ predictor, model, ...groups[0]!, engine: running });
    await predictGroups({ predictor, model, groups: groups.slice(0, 64), engine: running });
    const each = await seconds(async () => {
      for (const group of single) await predict({ predictor, model, ...group, engine: running });
    });
    const oneByOne = (each / single.length) * groups.length;
    const batched = await seconds(() =>
      predictGroups({ predictor, model, groups, engine: running }),
    );
    ratio = oneByOne / batched;
    slowest = Math.max(slowest, batched);
    console.log(
      `${name}, ${predictions} predictions of ${groups.length} groups: one by one ${oneByOne.toFixed(1)} CPU s, batched ${batched.toFixed(2)} CPU s, ratio ${ratio.toFixed(1)}`,
    );
  }
  await running.close();
}
await engine.close();
const service = await startPredicting(dataset, predictor, dataset.split(7).unseen);
for (const questions of [50, 1]) {
  const groups = groupsAsked(questions);
  await service.ask(groups.slice(0, 1), "one by one");
  const single = groups.slice(0, ONE_BY_ONE);
  const each = await seconds(() => service.ask(single, "one by one"));
  const oneByOne = (each / single.length) * groups.length;
  const batched = await seconds(() => service.ask(groups, "batched"));
  ratio = oneByOne / batched;
  slowest = Math.max(slowest, batched);
  console.log(
    `REST, ${predictions} predictions of ${groups.length} groups: one by one ${oneByOne.toFixed(1)} CPU s, batched ${batched.toFixed(2)} CPU s, ratio ${ratio.toFixed(1)}`,
  );
}
await service.close();
console.log(`slowest batch ${slowest.toFixed(2)} CPU s; one by one / batched ${ratio.toFixed(1)}`);
process.exitCode = slowest < GOAL_SECONDS ? 0 : 1;
