/**
 * `npm run bench -- pilots`: a question that is added to a trained federation. Questions of the
 * official held-out families are unknown for 15 rounds. Then they are added, and few of the
 * members, their pilots, answer each. Goals, as means over the splits: new questions of unseen
 * groups at least .035 above uniform after one round with one pilot, .055 after eight rounds with
 * three; seen questions within .002 of what they were. Exit code 0 only if they hold; the last line
 * has the figures. Options: --dataset us-opinion, --splits 7,20,21, --draws 2 (random choices of
 * the pilots), --codec int8 (as a member sends), --announced yes|no (whether the authority says how
 * many pilots there are; without, the first round only counts them, and one round more is played).
 */
import { parseArgs } from "node:util";
import { createCodec } from "@plenary/algorithms";
import {
  type AnswerSet,
  decodeEmbeddings,
  encodeEmbeddings,
  type PluginConfiguration,
  type Question,
  randomStream,
} from "@plenary/protocol";
import { type Dataset, loadDataset } from "@plenary/sdk";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  evaluateBaselines,
  evaluateModel,
  openEngine,
  type Predictor,
} from "@plenary/training";
import {
  type Federation,
  newFederation,
  playRound,
  type RoundSetting,
} from "./federated-averaging.ts";

const WARM_ROUNDS = 15;
const LATE_ROUNDS = 8;
const GOALS = { one: 0.035, three: 0.055, seen: 0.002 };

const { values } = parseArgs({
  options: {
    dataset: { type: "string", default: "us-opinion" },
    splits: { type: "string", default: "7,20,21" },
    draws: { type: "string", default: "2" },
    pilots: { type: "string", default: "1,3" },
    codec: { type: "string", default: "int8" },
    announced: { type: "string", default: "yes" },
  },
});
const dataset = await loadDataset(values.dataset);
const engine = await openEngine("native");
const codec = createCodec({ name: values.codec });
const isAnnounced = values.announced === "yes";
const settings = { ...DEFAULT_TRAINING.tilt, scheduleRounds: WARM_ROUNDS };

const isHeld = ({ family }: Question) => dataset.heldOutFamilies.includes(family);
const held = dataset.questionnaire.questions.filter(isHeld);
const reserve = {
  questions: held.length,
  options: held.reduce((sum, { options }) => sum + options.length, 0),
};

const configuration: PluginConfiguration = { ...DEFAULT_PREDICTOR.tilt, reserve };

/** A predictor on the questions without the held-out ones, or with those added. */
function predictorWith(added: Question["added"] | null): Predictor {
  const { questions } = dataset.questionnaire;
  const first = questions.filter((question) => !isHeld(question));
  const late = added === null ? [] : held.map((question) => ({ ...question, added: added! }));
  const { dimension } = dataset.embeddings;
  const matrix = dataset.embeddings.matrix();
  const rows: number[] = [];
  for (const { id } of [...first, ...late]) {
    let row = 0;
    for (const question of questions) {
      if (question.id === id)
        for (let option = 0; option < question.options.length; option++)
          rows.push(...matrix.subarray((row + option) * dimension, (row + option + 1) * dimension));
      row += question.options.length;
    }
  }
  return createPredictor(
    configuration,
    { ...dataset.questionnaire, questions: [...first, ...late] },
    decodeEmbeddings(encodeEmbeddings(Float32Array.from(rows), dimension)),
  );
}

/** What members of this predictor train with, and what arrives of it. */
function settingOf(predictor: Predictor): RoundSetting {
  const received = (delta: Int32Array) => codec.decode(codec.encode(delta), delta.length);
  return { predictor, training: settings, engine, received };
}

/** Members' answers where only `pilots` random ones of those with an answer keep each new one. */
function withPilots(groups: readonly string[], pilots: number, draw: number): AnswerSet[] {
  const full = groups.map((group) => dataset.answersOf([group]));
  const dropped = groups.map(() => new Set<string>());
  for (const { id } of held) {
    const able = full.flatMap((answers, member) =>
      answers.groups[0]!.answers.some(({ question }) => question === id) ? [member] : [],
    );
    const random = randomStream(draw, "pilots", id);
    for (const member of random.shuffled(able).slice(pilots)) dropped[member]!.add(id);
  }
  return full.map((answers, member) => ({
    version: 1,
    groups: answers.groups.map((group) => ({
      ...group,
      answers: group.answers.filter(({ question }) => !dropped[member]!.has(question)),
    })),
  }));
}

interface Scores {
  readonly seen: number;
  readonly fresh: number;
}

async function score(
  predictor: Predictor,
  model: Int32Array,
  known: AnswerSet,
  fresh: AnswerSet,
): Promise<Scores> {
  const input = { predictor, model, answers: known, engine, seed: 1 };
  const seen = await evaluateModel(input);
  return { seen: seen.mean, fresh: (await evaluateModel({ ...input, asked: fresh })).mean };
}

function only(answers: AnswerSet): AnswerSet {
  const ids = new Set(held.map(({ id }) => id));
  const groups = answers.groups.map((group) => ({
    ...group,
    answers: group.answers.filter(({ question }) => ids.has(question)),
  }));
  return { version: 1, groups: groups.filter((group) => group.answers.length > 0) };
}

/**
 * Differences by split: of new questions to uniform, of seen ones to what they were or would be.
 */
const gains: Record<"one" | "three" | "seenOne" | "seenThree" | "control", number[]> = {
  one: [],
  three: [],
  seenOne: [],
  seenThree: [],
  control: [],
};
const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const show = (value: number) => value.toFixed(4);

/** The model after as many rounds more in which nothing is added. */
async function playOn(predictor: Predictor, members: readonly AnswerSet[], warm: Federation) {
  let federation = warm;
  for (let round = 0; round < LATE_ROUNDS; round++)
    federation = await playRound(settingOf(predictor), members, federation, WARM_ROUNDS + round);
  return federation.model;
}

async function playSplit(number: number, { training, unseen }: ReturnType<Dataset["split"]>) {
  const known = dataset.answersOf(unseen, dataset.heldOutFamilies);
  const fresh = only(dataset.answersOf(unseen));
  const first = predictorWith(null);
  const members = training.map((group) => dataset.answersOf([group], dataset.heldOutFamilies));
  let warm = newFederation(first);
  for (let round = 0; round < WARM_ROUNDS; round++)
    warm = await playRound(settingOf(first), members, warm, round);
  const uniform = evaluateBaselines(dataset.questionnaire, known, fresh).uniform.mean;
  const before = await score(predictorWith({ members: training.length }), warm.model, known, fresh);
  console.log(
    `split ${number}: uniform ${show(uniform)}, before: new ${show(before.fresh)} seen ${show(before.seen)}`,
  );
  const later = await playOn(first, members, warm);
  const control = await score(predictorWith({ members: training.length }), later, known, fresh);
  console.log(`  ${LATE_ROUNDS} rounds more without the new questions: seen ${show(control.seen)}`);
  for (const pilots of values.pilots.split(",").map(Number)) {
    const added = { members: training.length, ...(isAnnounced && { pilots }) };
    const predictor = predictorWith(added);
    const table: Scores[][] = [];
    for (let draw = 0; draw < Number(values.draws); draw++) {
      const piloting = withPilots(training, pilots, number * 100 + draw);
      let federation = warm;
      const rows: Scores[] = [];
      const rounds = isAnnounced ? LATE_ROUNDS : LATE_ROUNDS + 1;
      for (let round = 0; round < rounds; round++) {
        federation = await playRound(
          settingOf(predictor),
          piloting,
          federation,
          WARM_ROUNDS + round,
        );
        rows.push(await score(predictor, federation.model, known, fresh));
      }
      table.push(isAnnounced ? rows : rows.slice(1));
    }
    const after = (round: number, what: keyof Scores) =>
      mean(table.map((rows) => rows[round - 1]![what]));
    console.log(
      `  ${String(pilots).padStart(2)} pilots: new after 1 ${show(after(1, "fresh"))} (+${show(after(1, "fresh") - uniform)}), 3 ${show(after(3, "fresh"))}, 8 ${show(after(8, "fresh"))} (+${show(after(8, "fresh") - uniform)}); seen after 1 ${show(after(1, "seen"))}, 8 ${show(after(8, "seen"))}`,
    );
    if (pilots === 1) {
      gains.one.push(after(1, "fresh") - uniform);
      gains.seenOne.push(after(1, "seen") - before.seen);
    }
    if (pilots === 3) {
      gains.three.push(after(8, "fresh") - uniform);
      gains.seenThree.push(after(8, "seen") - before.seen);
      gains.control.push(after(8, "seen") - control.seen);
    }
  }
}

for (const number of values.splits.split(",").map(Number))
  await playSplit(number, dataset.split(number));
await engine.close();
const one = mean(gains.one);
const three = mean(gains.three);
const seen = [gains.seenOne, gains.seenThree, gains.control].map(mean);
const holds =
  one >= GOALS.one && three >= GOALS.three && seen.every((change) => change >= -GOALS.seen);
console.log(
  `one pilot after 1 round +${show(one)} (goal ${GOALS.one}); three after 8 +${show(three)} (goal ${GOALS.three}); seen ${seen.map(show).join(", ")} after 1, after 8, and after 8 beside rounds without new questions (goal -${GOALS.seen}): ${holds ? "holds" : "does not hold"}`,
);
process.exitCode = holds ? 0 : 1;
