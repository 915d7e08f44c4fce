import { PlenaryError, parserOf, type Questionnaire } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import type { Feeds } from "../sessions/engine.ts";
import type { Task } from "../tasks.ts";
import {
  type GpoShape,
  type GpoSizes,
  gpoPredictionGraph,
  gpoTrainingGraph,
  type TokenTable,
} from "./gpo-graph.ts";
import { memoized } from "./memoized.ts";
import { firstValues, layOut, type ParameterSpecification } from "./parameters.ts";
import type {
  EmbeddingTable,
  NewQuestion,
  PredictionProgram,
  Predictor,
  ProgramShape,
  TrainingProgram,
} from "./predictor.ts";

/**
 * A configuration's section `predictor` for GPO: the size of its transformer, and its likelihood.
 */
export const GpoSchema = Type.Object(
  {
    name: Type.Literal("gpo"),
    layers: Type.Integer({ minimum: 1, maximum: 24 }),
    /** Length of a token's vector; a multiple of `heads`. */
    width: Type.Integer({ minimum: 4, maximum: 4096 }),
    heads: Type.Integer({ minimum: 1, maximum: 64 }),
    feedForward: Type.Integer({ minimum: 4, maximum: 16_384 }),
    /**
     * `cross-entropy` over a question's options does far better; `gaussian` is that of the paper.
     */
    likelihood: Type.Union([Type.Literal("cross-entropy"), Type.Literal("gaussian")]),
  },
  { additionalProperties: false },
);
export type GpoConfiguration = Static<typeof GpoSchema>;

const parseGpo = parserOf(GpoSchema, "Configuration: predictor");

/**
 * The transformer of Group Preference Optimization (arXiv 2310.11523), the predictor of PluralLLM
 * (arXiv 2503.09925). A token per option holds its text embedding and, for shown questions, the
 * group's share. Every token looks at the shown ones and itself, without positions. Layers
 * normalise first.
 */
export function gpo(
  value: unknown,
  questionnaire: Questionnaire,
  embeddings: EmbeddingTable,
): Predictor {
  const configuration = parseGpo(value);
  if (configuration.width % configuration.heads !== 0) {
    throw new PlenaryError(
      "invalid-input",
      "Configuration: predictor.width must be a multiple of heads.",
      {
        field: "predictor.width",
      },
    );
  }
  const specifications = parameterSpecifications(configuration, embeddings.dimension);
  const blocks = layOut(specifications);
  const shape: GpoShape = { ...configuration, blocks };
  const questions = questionTable(questionnaire, embeddings, []);
  const training = memoized((key: string) => trainingProgram(shape, questions, parseKey(key)));
  const prediction = memoized((key: string) => predictionProgram(shape, questions, parseKey(key)));
  return {
    configuration,
    questionnaire,
    embeddings,
    blocks,
    parameterCount: blocks.at(-1)!.to,
    initialParameters: (seed) => firstValues(specifications, seed),
    attends: true,
    training: (size) => training(keyOf(size)),
    prediction: (size, _model, newQuestions = []) =>
      newQuestions.length === 0
        ? prediction(keyOf(size))
        : predictionProgram(shape, questionTable(questionnaire, embeddings, newQuestions), size),
  };
}

function keyOf({ tasks, questions }: ProgramShape): string {
  return `${tasks} ${questions}`;
}

function parseKey(key: string): ProgramShape {
  const [tasks, questions] = key.split(" ").map(Number) as [number, number];
  return { tasks, questions };
}

/** Uniform draws with the standard deviation 1 / sqrt(inputs). */
function weight(
  name: string,
  inputs: number,
  outputs: number,
  factor = 1,
): ParameterSpecification[] {
  return [
    { name: `${name}.weight`, shape: [inputs, outputs], spread: factor * Math.sqrt(3 / inputs) },
    { name: `${name}.bias`, shape: [outputs] },
  ];
}

function norm(name: string, width: number): ParameterSpecification[] {
  return [
    { name: `${name}.scale`, shape: [width], centre: 1 },
    { name: `${name}.shift`, shape: [width] },
  ];
}

function parameterSpecifications(
  { layers, width, feedForward, likelihood }: GpoConfiguration,
  dimension: number,
): ParameterSpecification[] {
  // Residual branches begin small: depth does not blow up the first outputs (GPT-2's rule).
  const residual = 1 / Math.sqrt(2 * layers);
  const layer = (index: number): ParameterSpecification[] => {
    const own = `layer.${index}`;
    return [
      ...norm(`${own}.attention.norm`, width),
      { name: `${own}.attention.weight`, shape: [width, 3 * width], spread: Math.sqrt(3 / width) },
      { name: `${own}.attention.query.bias`, shape: [width] },
      { name: `${own}.attention.value.bias`, shape: [width] },
      ...weight(`${own}.attention.output`, width, width, residual),
      ...norm(`${own}.forward.norm`, width),
      ...weight(`${own}.forward.0`, width, feedForward),
      ...weight(`${own}.forward.1`, feedForward, width, residual),
    ];
  };
  return [
    ...weight("embed.0", dimension + 2, width),
    ...weight("embed.1", width, width),
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
    ...norm("norm", width),
    ...weight("head.0", width, width),
    ...weight("head.1", width, likelihood === "gaussian" ? 2 : 1),
  ];
}

interface QuestionTable {
  readonly counts: readonly number[];
  /** Embedding row of each question's first option. */
  readonly offsets: readonly number[];
  readonly tokens: TokenTable;
}

function questionTable(
  questionnaire: Questionnaire,
  { dimension, matrix, count }: EmbeddingTable,
  newQuestions: readonly NewQuestion[],
): QuestionTable {
  const counts = [
    ...questionnaire.questions.map((question) => question.options.length),
    ...newQuestions.map((question) => question.options),
  ];
  const offsets = [0];
  for (const options of counts) offsets.push(offsets.at(-1)! + options);
  const rows = offsets.at(-1)! + 1;
  const values = new Float32Array(rows * dimension);
  values.set(matrix());
  let row = count;
  for (const { options, embeddings } of newQuestions) {
    values.set(embeddings, row * dimension);
    row += options;
  }
  return { counts, offsets, tokens: { rows, dimension, values } };
}

/** Sizes that hold any task of at most that many different questions. */
function sizesFor(table: QuestionTable, { tasks, questions }: ProgramShape): GpoSizes {
  const largest = table.counts.toSorted((a, b) => b - a).slice(0, questions);
  const tokens = largest.reduce((sum, count) => sum + count, 0);
  return { tasks, tokens, questions: largest.length, width: largest[0]! };
}

function trainingProgram(
  shape: GpoShape,
  table: QuestionTable,
  size: ProgramShape,
): TrainingProgram {
  const sizes = sizesFor(table, size);
  return {
    model: gpoTrainingGraph(shape, table.tokens, sizes),
    feeds: (_base, tasks) => {
      const { answers, targets, ...tokens } = tokenFeeds(table, sizes, tasks);
      if (shape.likelihood === "cross-entropy") return { ...tokens, targets: targets! };
      return {
        ...tokens,
        answers: answers!,
        targets: tokenWeights(sizes, tasks, tokens.asked as Float32Array),
      };
    },
  };
}

function predictionProgram(
  shape: GpoShape,
  table: QuestionTable,
  size: ProgramShape,
): PredictionProgram {
  const sizes = sizesFor(table, size);
  return {
    model: gpoPredictionGraph(shape, table.tokens, sizes),
    feeds: (theta, tasks) => {
      const { answers: _answers, targets: _targets, ...tokens } = tokenFeeds(table, sizes, tasks);
      return { ...tokens, theta };
    },
    read: ({ shares }, tasks) =>
      tasks.map((task, index) => {
        let token = index * sizes.tokens;
        for (const { question } of task.context) token += table.counts[question]!;
        return task.targets.map(({ question }) => {
          const from = token;
          token += table.counts[question]!;
          return shares!.slice(from, token);
        });
      }),
  };
}

/** Tokens of each task: the context's options, then the targets', then padding. */
function tokenFeeds(table: QuestionTable, sizes: GpoSizes, tasks: readonly Task[]): Feeds {
  const { tokens, questions, width } = sizes;
  const cells = questions * width;
  const padding = BigInt(table.tokens.rows - 1);
  const floats = () => new Float32Array(sizes.tasks * tokens);
  const feeds = {
    rows: new BigInt64Array(sizes.tasks * tokens).fill(padding),
    forward: new BigInt64Array(sizes.tasks * cells).fill(BigInt(tokens)),
    inverse: new BigInt64Array(sizes.tasks * tokens).fill(BigInt(cells)),
    shown: floats(),
    context: floats(),
    asked: floats(),
    answers: floats(),
    targets: floats(),
  };
  tasks.forEach((task, index) => {
    const divisor = task.targets.length * tasks.length;
    let token = 0;
    [...task.context, ...task.targets].forEach(({ question, shares }, position) => {
      const isContext = position < task.context.length;
      shares.forEach((share, option) => {
        const at = index * tokens + token;
        const cell = position * width + option;
        feeds.rows[at] = BigInt(table.offsets[question]! + option);
        feeds.forward[index * cells + cell] = BigInt(token);
        feeds.inverse[at] = BigInt(cell);
        feeds[isContext ? "context" : "asked"][at] = 1;
        feeds.answers[at] = share;
        if (isContext) feeds.shown[at] = share;
        else feeds.targets[at] = share / divisor;
        token += 1;
      });
    });
  });
  return feeds;
}

/**
 * The Gaussian likelihood counts tokens: each asked token weighs 1 / (its task's asked tokens x
 * tasks).
 */
function tokenWeights(sizes: GpoSizes, tasks: readonly Task[], asked: Float32Array): Float32Array {
  return asked.map((flag, at) => {
    const task = tasks[Math.floor(at / sizes.tokens)]!;
    const count = task.targets.reduce((sum, target) => sum + target.shares.length, 0);
    return flag / (count * tasks.length);
  });
}
