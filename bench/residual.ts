/**
 * `npm run bench -- residual`: what a group's own answers to related questions tell of questions
 * that nobody trained (`residualTransfer`). A model of few rounds forgets each fifth of the
 * families in turn and is asked for it, on unseen groups: with 20 answers to other families, and
 * with one of them replaced by an answer to a sibling, which nobody trained either. Besides, it
 * forgets each fifth of the questions, so that siblings are trained and in the context by chance.
 * Goals, as means over the splits: one sibling gains .05, forgotten questions .005, and without a
 * sibling nothing is lost. Exit code 0 only if they hold; the last line has the
 * figures. Options: --dataset us-opinion, --splits 7,20,21, --rounds 6.
 */
import { parseArgs } from "node:util";
import { type AnswerSet, randomStream } from "@plenary/protocol";
import { loadDataset } from "@plenary/sdk";
import {
  type AskedGroup,
  alignment,
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  openEngine,
  type Predictor,
  predictGroups,
} from "@plenary/training";
import { trainTogether } from "./federated-averaging.ts";

const FOLDS = 5;
const SHOWN = 20;
const GOALS = { sibling: 0.05, question: 0.005, stranger: 0 };

const { values } = parseArgs({
  options: {
    dataset: { type: "string", default: "us-opinion" },
    splits: { type: "string", default: "7,20,21" },
    rounds: { type: "string", default: "6" },
  },
});
const dataset = await loadDataset(values.dataset);
const { questions } = dataset.questionnaire;
const familyOf = new Map(questions.map(({ id, family }) => [id, family]));
const engine = await openEngine("native");
const predictor = createPredictor(
  DEFAULT_PREDICTOR.tilt,
  dataset.questionnaire,
  dataset.embeddings,
);
const { transfer: _, ...withoutTransfer } = predictor;
const rounds = Number(values.rounds);
const settings = { ...DEFAULT_TRAINING.tilt, scheduleRounds: rounds };

function train(groups: readonly string[]): Promise<Int32Array> {
  const setting = { predictor, training: settings, engine, fresh: true };
  const members = groups.map((group) => dataset.answersOf([group]));
  return trainTogether(setting, members, rounds);
}

/** Parts of the questions, by family or each alone. */
function folds(keyOf: (id: string) => string): ReadonlySet<string>[] {
  const keys = [...new Set(questions.map(({ id }) => keyOf(id)))].toSorted();
  const order = randomStream(1, "residual folds").shuffled(keys);
  return Array.from({ length: FOLDS }, (_, fold) => {
    const own = new Set(order.filter((_, index) => index % FOLDS === fold));
    return new Set(questions.map(({ id }) => id).filter((id) => own.has(keyOf(id))));
  });
}

type Answers = AnswerSet["groups"][number]["answers"];

interface Asked extends AskedGroup {
  readonly truth: Answers;
}

/** A group's context from outside of the fold, and all its answers of the fold. */
function withoutRelatives(answers: Answers, fold: ReadonlySet<string>, key: string): Asked[] {
  const truth = answers.filter(({ question }) => fold.has(question));
  const outside = answers.filter(({ question }) => !fold.has(question));
  const context = randomStream(1, "context", key).shuffled(outside).slice(0, SHOWN);
  if (truth.length === 0 || context.length === 0) return [];
  return [{ context, questions: truth.map(({ question }) => question), truth }];
}

/** One task per answer that has a sibling, of which the context shows one. */
function withSibling(answers: Answers, fold: ReadonlySet<string>, key: string): Asked[] {
  const [plain] = withoutRelatives(answers, fold, key);
  return (plain?.truth ?? []).flatMap((target) => {
    const family = familyOf.get(target.question);
    const siblings = answers.filter(
      ({ question }) => question !== target.question && familyOf.get(question) === family,
    );
    if (siblings.length === 0) return [];
    const random = randomStream(1, "sibling", key, target.question);
    const sibling = random.shuffled(siblings)[0]!;
    const context = [sibling, ...plain!.context.slice(0, SHOWN - 1)];
    return [{ context, questions: [target.question], truth: [target] }];
  });
}

async function scores(of: Predictor, model: Int32Array, groups: readonly Asked[]) {
  const predicted = await predictGroups({ predictor: of, model, groups, engine });
  return groups.flatMap(({ truth }, group) =>
    truth.map(({ counts }, index) => {
      const total = counts.reduce((a, b) => a + b, 0);
      const shares = counts.map((count) => count / total);
      return alignment(Float32Array.from(predicted[group]![index]!.shares), shares);
    }),
  );
}

const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const positionOf = new Map(questions.map(({ id }, position) => [id, position]));

interface Comparison {
  /** Mean alignment without the transfer. */
  readonly before: number;
  readonly gain: number;
  /** Part of the predictions that the transfer changed. */
  readonly moved: number;
}

async function compare(
  model: Int32Array,
  unseen: readonly string[],
  parts: readonly ReadonlySet<string>[],
  ask: typeof withSibling,
): Promise<Comparison> {
  const before: number[] = [];
  const after: number[] = [];
  for (const [number, fold] of parts.entries()) {
    const positions = [...fold].map((id) => positionOf.get(id)!);
    const forgotten = predictor.forget!(model, positions);
    const asked = unseen.flatMap((group) =>
      ask(dataset.answersOf([group]).groups[0]!.answers, fold, `${group} ${number}`),
    );
    before.push(...(await scores(withoutTransfer, forgotten, asked)));
    after.push(...(await scores(predictor, forgotten, asked)));
  }
  const moved = mean(before.map((value, index) => (value === after[index] ? 0 : 1)));
  return { before: mean(before), gain: mean(after) - mean(before), moved };
}

const byFamily = folds((id) => familyOf.get(id)!);
const byQuestion = folds((id) => id);
const gains = { stranger: [] as number[], sibling: [] as number[], question: [] as number[] };
const show = (value: number) => value.toFixed(4);

console.log(`${dataset.name}, ${rounds} rounds; alignment without transfer, gain, part moved`);
for (const number of values.splits.split(",").map(Number)) {
  const { training, unseen } = dataset.split(number);
  const model = await train(training);
  for (const [name, parts, ask] of [
    ["stranger", byFamily, withoutRelatives],
    ["sibling", byFamily, withSibling],
    ["question", byQuestion, withoutRelatives],
  ] as const) {
    const { before, gain, moved } = await compare(model, unseen, parts, ask);
    gains[name].push(gain);
    console.log(
      `split ${String(number).padEnd(3)} ${name.padEnd(9)} ${show(before)} +${show(gain)} ${moved.toFixed(2)}`,
    );
  }
}
await engine.close();
const names = ["sibling", "question", "stranger"] as const;
const holds = names.every((name) => mean(gains[name]) >= GOALS[name]);
const figures = names.map((name) => `${name} ${show(mean(gains[name]))} (goal ${GOALS[name]})`);
console.log(
  `gain of residual transfer: ${figures.join(", ")}: ${holds ? "holds" : "does not hold"}`,
);
process.exitCode = holds ? 0 : 1;
