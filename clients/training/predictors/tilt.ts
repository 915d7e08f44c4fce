import { optionOffsets, parserOf, type Questionnaire, toFloat32 } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import type { Feeds, Results } from "../sessions/engine.ts";
import type { QuestionAnswer, Task } from "../tasks.ts";
import {
  addedQuestions,
  addedStates,
  Reserve,
  reachOf,
  reserveSpecifications,
} from "./added-questions.ts";
import { growRound } from "./grow-round.ts";
import { memoized } from "./memoized.ts";
import { firstValues, layOut, type ParameterSpecification } from "./parameters.ts";
import type {
  EmbeddingTable,
  ParameterBlock,
  PredictionProgram,
  Predictor,
  TrainingProgram,
} from "./predictor.ts";
import { residualKernel } from "./residual-kernel.ts";
import { residualTransfer } from "./residual-transfer.ts";
import { forget } from "./tilt-forget.ts";
import {
  ADDED_UNIT,
  type TiltShape,
  tiltPredictionGraph,
  tiltTrainingGraph,
} from "./tilt-graph.ts";
import { featureWidth, type OptionTable, optionTable, untrainedQuestions } from "./tilt-options.ts";

/**
 * A configuration's section `predictor` for tilt: the lengths of its vectors, and its solver's
 * steps.
 */
export const TiltSchema = Type.Object(
  {
    name: Type.Literal("tilt"),
    /** Length of an option's and of a group's vector. */
    latent: Type.Integer({ minimum: 1, maximum: 16 }),
    /** Hidden units of the network that maps an option's text to its vector. */
    hidden: Type.Integer({ minimum: 1, maximum: 4096 }),
    /** Fisher-scoring steps that a group's vector takes. */
    scoringSteps: Type.Integer({ minimum: 1, maximum: 4 }),
    /**
     * Part of a relative's vector that an untrained question borrows with its base; absent: 0.3.
     * Texts that are almost alike may divide groups in opposite ways, and no text embedding shows
     * that: 0 predicts better (docs/science.md).
     */
    lentVector: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    /** Room for questions that are added later; absent: none can be added. */
    reserve: Type.Optional(Reserve),
  },
  { additionalProperties: false },
);
export type TiltConfiguration = Static<typeof TiltSchema>;

/** What configurations have that do not say. */
const FIRST_LENT_VECTOR = 0.3;

const parseTilt = parserOf(TiltSchema, "Configuration: predictor");

/**
 * The tilt predictor: a learned base distribution per question, tilted towards a group.
 *
 * p = softmax(log base + z . s). z is a small vector per option: a two-layer network on the
 * option's text embedding, plus a learned vector. s is the group's vector. It comes from a few
 * Fisher-scoring steps (McCullagh and Nelder, Generalized Linear Models, 2.5) of a ridge-penalised
 * multinomial logit on the group's context answers, beginning at 0: A = sum w p z z' + exp(lambda)
 * I, s += A^-1 (sum w z (y - p) - exp(lambda) s), with a learned weight w per option.
 *
 * Base logits are parameters, averaged by the federation like all others. In training, the base of
 * the round's downloaded model takes their place: else each member would bend the base to its own
 * answers and leave no residual to learn from. They learn by plain gradient steps on their own
 * cross-entropy, on all of the member's answers. Questions that nobody has trained borrow base,
 * vector and weight from similar ones.
 */
export function tilt(
  value: unknown,
  questionnaire: Questionnaire,
  embeddings: EmbeddingTable,
): Predictor {
  const configuration = parseTilt(value);
  const { reserve, lentVector = FIRST_LENT_VECTOR } = configuration;
  const added = addedQuestions(questionnaire, reserve);
  const specifications = parameterSpecifications(configuration, questionnaire, embeddings);
  const blocks = layOut(specifications);
  const shape: TiltShape = { ...configuration, lentVector, blocks };
  const table = optionTable(questionnaire, embeddings, [], []);
  const logitsOf = (model: Float32Array) => baseLogits(blocks, table, model);
  const training = memoized((tasks: number) => trainingProgram(shape, table, tasks, logitsOf));
  const prediction = memoized((key: string) => {
    const [tasks, untrained, levelled] = JSON.parse(key) as [number, number[], number[]];
    const lending = optionTable(questionnaire, embeddings, untrained, []);
    return predictionProgram(shape, lending, tasks, levelled);
  });
  const kernel = residualKernel(table);
  return {
    configuration,
    questionnaire,
    embeddings,
    blocks,
    parameterCount: blocks.at(-1)!.to,
    ...(reserve !== undefined && {
      grow: (base: Float32Array) => {
        const logits = logitsOf(base);
        const young = addedStates(added, blocks, base).filter(({ isMature }) => !isMature);
        const borrowers = new Set([
          ...untrainedQuestions(questionnaire, logits),
          ...young.map(({ question }) => question),
        ]);
        const lending = optionTable(questionnaire, embeddings, [...borrowers], []);
        return growRound({ questions: added, blocks, base, table: lending, logits });
      },
    }),
    questionStates: (model) => {
      const parameters = toFloat32(model);
      const logits = logitsOf(parameters);
      const isNew = logits.every((logit) => logit === 0);
      const untrained = new Set(untrainedQuestions(questionnaire, logits));
      const states = new Map(
        addedStates(added, blocks, parameters).map((state) => [state.question, state]),
      );
      return questionnaire.questions.map((_, question) => ({
        isTrained: !isNew && !untrained.has(question),
        isYoung: states.get(question)?.isMature === false,
        reach: reachOf(blocks, parameters, question),
      }));
    },
    initialParameters: (seed) => firstValues(specifications, seed),
    untrained: (model) => untrainedQuestions(questionnaire, logitsOf(toFloat32(model))),
    forget: (model, questions) => forget(model, questions, blocks, table),
    transfer: (model, newQuestions) => {
      const logits = logitsOf(toFloat32(model));
      const untrained = untrainedQuestions(questionnaire, logits);
      const lending = optionTable(questionnaire, embeddings, untrained, newQuestions);
      return residualTransfer(
        lending,
        logits,
        newQuestions.length === 0 ? kernel : residualKernel(lending),
      );
    },
    training: ({ tasks }) => training(tasks),
    prediction: ({ tasks }, model, newQuestions = []) => {
      const parameters = toFloat32(model);
      const untrained = untrainedQuestions(questionnaire, logitsOf(parameters));
      const levelled = addedStates(added, blocks, parameters)
        .filter(({ isMature }) => !isMature)
        .map(({ question }) => question);
      if (newQuestions.length === 0)
        return prediction(JSON.stringify([tasks, untrained, levelled]));
      const extended = optionTable(questionnaire, embeddings, untrained, newQuestions);
      return predictionProgram(shape, extended, tasks, levelled);
    },
  };
}

/** Base logits of all the questionnaire's options. */
function baseLogits(
  blocks: readonly ParameterBlock[],
  table: OptionTable,
  model: Float32Array,
): Float32Array {
  const named = (name: string) => blocks.find((block) => block.name === name);
  const { from, to } = named("base")!;
  const first = model.slice(from, to);
  const added = table.known - first.length;
  if (added === 0) return first;
  const start = named("added.base")!.from;
  const logits = new Float32Array(table.known);
  logits.set(first);
  logits.set(
    model.subarray(start, start + added).map((value) => value * ADDED_UNIT),
    first.length,
  );
  return logits;
}

function parameterSpecifications(
  { latent, hidden, reserve }: TiltConfiguration,
  questionnaire: Questionnaire,
  { dimension }: EmbeddingTable,
): ParameterSpecification[] {
  const inputs = featureWidth(dimension);
  const outputs = latent + 1;
  const first = questionnaire.questions.filter(({ added }) => added === undefined);
  const options = optionOffsets({ questions: first }).at(-1)!;
  return [
    ...(reserve === undefined ? [] : reserveSpecifications(reserve, first.length, outputs)),
    { name: "hidden.weight", shape: [inputs, hidden], spread: 1 / Math.sqrt(inputs) },
    { name: "hidden.bias", shape: [hidden], spread: 1 / Math.sqrt(inputs) },
    { name: "output.weight", shape: [hidden, outputs], spread: 1 / Math.sqrt(hidden) },
    { name: "output.bias", shape: [outputs], spread: 1 / Math.sqrt(hidden) },
    { name: "log-penalty", shape: [1] },
    { name: "option", shape: [options, outputs] },
    { name: "base", shape: [options], role: "prior" },
  ];
}

function trainingProgram(
  shape: TiltShape,
  table: OptionTable,
  tasks: number,
  logitsOf: (model: Float32Array) => Float32Array,
): TrainingProgram {
  return {
    model: tiltTrainingGraph(shape, table, tasks),
    feeds: (downloaded, drawn, answered) => ({
      anchor: logitsOf(downloaded),
      ...contextFeeds(table, drawn),
      targets: targetFeed(table, drawn),
      member: memberFeed(table, answered),
    }),
  };
}

function predictionProgram(
  shape: TiltShape,
  table: OptionTable,
  tasks: number,
  levelled: readonly number[],
): PredictionProgram {
  return {
    model: tiltPredictionGraph(shape, table, tasks, levelled),
    feeds: (theta, asked) => ({ theta, ...contextFeeds(table, asked) }),
    read: (results, asked) => readShares(table, results, asked),
  };
}

function readShares(
  table: OptionTable,
  results: Results,
  tasks: readonly Task[],
): Float32Array[][] {
  const { rows } = table.layout;
  return tasks.map((task, index) =>
    task.targets.map(({ question }) => {
      const start = index * rows;
      return results.shares!.slice(
        start + table.offsets[question]!,
        start + table.offsets[question + 1]!,
      );
    }),
  );
}

function contextFeeds(table: OptionTable, tasks: readonly Task[]): Feeds {
  const { rows } = table.layout;
  const answers = new Float32Array(tasks.length * rows);
  const shown = new Float32Array(tasks.length * rows);
  tasks.forEach((task, index) => {
    for (const { question, shares } of task.context) {
      const start = index * rows + table.offsets[question]!;
      answers.set(shares, start);
      shown.fill(1, start, start + shares.length);
    }
  });
  return { answers, shown };
}

/**
 * Shares of the targets, divided by the number of targets and of tasks, so that the loss is a mean.
 */
function targetFeed(table: OptionTable, tasks: readonly Task[]): Float32Array {
  const { rows } = table.layout;
  const targets = new Float32Array(tasks.length * rows);
  tasks.forEach((task, index) => {
    const divisor = task.targets.length * tasks.length;
    for (const { question, shares } of task.targets) {
      targets.set(
        shares.map((share) => share / divisor),
        index * rows + table.offsets[question]!,
      );
    }
  });
  return targets;
}

/** The mean answer to each question over the member's groups that answered it; 0 where none did. */
function memberFeed(
  table: OptionTable,
  groups: readonly (readonly QuestionAnswer[])[],
): Float32Array {
  const sums = new Float64Array(table.layout.rows);
  const counts = new Float64Array(table.layout.rows);
  for (const { question, shares } of groups.flat()) {
    const start = table.offsets[question]!;
    shares.forEach((share, option) => {
      sums[start + option]! += share;
      counts[start + option]! += 1;
    });
  }
  return Float32Array.from(sums, (total, row) => (counts[row]! === 0 ? 0 : total / counts[row]!));
}
