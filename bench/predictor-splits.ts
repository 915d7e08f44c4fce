/**
 * `npm run bench -- predictor-splits`: what predictors reach on real surveys, federated and central
 * at equal steps, on groups on which no member trained, beside the baselines. FedAvg on fixed-point
 * updates as the service computes it. Questions of held-out families are left out of training; they
 * are asked as untrained questions of the questionnaire, and counted separately. Options: --dataset
 * NAME (us-opinion), --splits 7,20,21, --rounds 40, --predictor tilt|gpo, --clients N (training
 * groups dealt out to N members; one member per group by default), --optimizer kept|fresh (fresh:
 * it starts again in every round, as it must where training is audited).
 */
import { parseArgs } from "node:util";
import type { AnswerSet } from "@plenary/protocol";
import { dealGroups, loadDataset } from "@plenary/sdk";
import {
  type AlignmentReport,
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  evaluateBaselines,
  evaluateModel,
  openEngine,
  type TrainingSettings,
} from "@plenary/training";
import { trainTogether } from "./federated-averaging.ts";

const { values } = parseArgs({
  options: {
    dataset: { type: "string", default: "us-opinion" },
    splits: { type: "string", default: "7,20,21" },
    rounds: { type: "string", default: "40" },
    predictor: { type: "string", default: "tilt" },
    clients: { type: "string" },
    optimizer: { type: "string", default: "kept" },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds is a positive integer.");
if (values.optimizer !== "kept" && values.optimizer !== "fresh")
  throw new Error("--optimizer is kept or fresh.");
if (values.predictor !== "tilt" && values.predictor !== "gpo")
  throw new Error("--predictor is tilt or gpo.");

const dataset = await loadDataset(values.dataset);
const engine = await openEngine("native");
const predictor = createPredictor(
  DEFAULT_PREDICTOR[values.predictor],
  dataset.questionnaire,
  dataset.embeddings,
);
const settings: TrainingSettings = {
  ...DEFAULT_TRAINING[values.predictor],
  scheduleRounds: rounds,
};

interface Trained {
  readonly model: Int32Array;
  readonly cpuSeconds: number;
}

/** Rounds of FedAvg; a single member is central training. */
async function train(members: readonly AnswerSet[], training: TrainingSettings): Promise<Trained> {
  const start = process.cpuUsage();
  const setting = { predictor, training, engine, fresh: values.optimizer === "fresh" };
  const model = await trainTogether(setting, members, rounds);
  const { user, system } = process.cpuUsage(start);
  return { model, cpuSeconds: (user + system) / 1e6 };
}

function only(answers: AnswerSet, families: readonly string[]): AnswerSet {
  const ids = new Set(
    dataset.questionnaire.questions
      .filter(({ family }) => families.includes(family))
      .map(({ id }) => id),
  );
  const groups = answers.groups.map((group) => ({
    ...group,
    answers: group.answers.filter(({ question }) => ids.has(question)),
  }));
  return { version: 1, groups: groups.filter((group) => group.answers.length > 0) };
}

function line(name: string, seen: AlignmentReport, fresh: AlignmentReport, note = ""): void {
  const figures = [seen.mean, seen.min, seen.fairness, fresh.mean, fresh.min];
  console.log(
    `${name.padEnd(26)}${figures.map((x) => x.toFixed(4).padStart(10)).join("")}  ${note}`,
  );
}

async function report(
  name: string,
  { model, cpuSeconds }: Trained,
  known: AnswerSet,
  fresh: AnswerSet,
) {
  const input = { predictor, model, answers: known, engine, seed: 1 };
  const seen = await evaluateModel(input);
  const apart = await evaluateModel({ ...input, asked: fresh });
  line(name, seen, apart, `${cpuSeconds.toFixed(0)} CPU s`);
  return seen;
}

console.log(
  `${dataset.name}, ${values.predictor} (${predictor.parameterCount} parameters), ${rounds} rounds of ${settings.localSteps} steps; alignment of unseen groups`,
);
for (const number of values.splits.split(",").map(Number)) {
  const { training, unseen } = dataset.split(number);
  const held = dataset.heldOutFamilies;
  const clients = values.clients === undefined ? training.length : Number(values.clients);
  const members = dealGroups(training, clients).map((groups) => dataset.answersOf(groups, held));
  const together = dataset.answersOf(training, held);
  const known = dataset.answersOf(unseen, held);
  const fresh = only(dataset.answersOf(unseen), held);
  console.log(
    `\nsplit ${number}: ${training.length} groups train in ${members.length} members, ${unseen.length} unseen`,
  );
  console.log(`${"".padEnd(26)}      mean     worst  fairness  new mean new worst`);
  const baseline = evaluateBaselines(dataset.questionnaire, together, known);
  const baselineFresh = evaluateBaselines(dataset.questionnaire, together, fresh);
  line("uniform", baseline.uniform, baselineFresh.uniform);
  line("training groups' mean", baseline.trainingMean, baselineFresh.trainingMean);
  const federated = await report("federated", await train(members, settings), known, fresh);
  const tasksPerStep = settings.tasksPerStep * training.length;
  const central = await report(
    "central, equal steps",
    await train([together], { ...settings, tasksPerStep }),
    known,
    fresh,
  );
  const gains = [
    federated.mean - baseline.trainingMean.mean,
    federated.min - baseline.trainingMean.min,
  ];
  const [mean, worst] = gains.map((gain) => gain.toFixed(4));
  console.log(
    `over the mean: ${mean}, worst ${worst} (goal .015 each); central ahead by ${(central.mean - federated.mean).toFixed(4)} (goal at most .01)`,
  );
}
await engine.close();
