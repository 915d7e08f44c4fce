import {
  decodeEmbeddings,
  fromBase64,
  fromHex,
  MOST_PREDICTIONS,
  PlenaryError,
  type PredictionRequest,
  type PredictionResponse,
  parseAnswers,
  parseQuestionnaire,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import {
  type Calibration,
  calibrate,
  type Engine,
  intervalOf,
  intervalRules,
  type NewQuestion,
  openEngine,
  type PredictGroupsInput,
  type Prediction,
  type Predictor,
  predictGroups,
  predictionCsv,
  predictorOf,
  rounded,
  ruleFor,
  TrainingError,
} from "@plenary/training";
import { LRUCache } from "lru-cache";
import { EVALUATION_SEED } from "../lifecycle/evaluator.ts";
import type { PredictionAnswer, PredictionTask } from "./prediction-pool.ts";
import { predictionRows } from "./prediction-table.ts";

/** A model that is ready to predict. */
interface Subject {
  readonly predictor: Predictor;
  readonly model: Int32Array;
  readonly engine: Engine;
  readonly calibration: Calibration | null;
}

/** Models that stay ready. A model has graphs and sessions of its own, some tens of megabytes. */
const KEPT = 2;
const DEFAULT_LEVEL = 0.9;

const subjects = new LRUCache<string, Subject>({
  max: KEPT,
  dispose: ({ engine }) => void engine.close(),
});

/** What the thread does: it answers one task, and keeps nothing of its request. */
export async function predictFor(task: PredictionTask): Promise<PredictionAnswer> {
  try {
    return { bytes: new TextEncoder().encode(await answerTo(task)) };
  } catch (error) {
    if (error instanceof PlenaryError) return refusal(error.code, error);
    if (error instanceof TrainingError && error.code === "answers-invalid")
      return refusal("answers-invalid", error);
    if (error instanceof TrainingError && error.code === "context-missing")
      return refusal("invalid-input", error);
    return refusal("internal", { message: String(error), context: {} });
  }
}

function refusal(
  code: PlenaryError["code"],
  { message, context }: Pick<PlenaryError, "message" | "context">,
): PredictionAnswer {
  return { error: { code, message, context } };
}

async function answerTo(task: PredictionTask): Promise<string> {
  const { request, format, round, why, root } = task;
  const subject = await subjectOf(task).catch(refuseFederation);
  const { predictor, model, calibration } = subject;
  const { questionnaire } = predictor;
  const answers = parseAnswers(
    { version: 1, groups: request.groups.map((group) => ({ ...group, label: "" })) },
    questionnaire,
  );
  const groups = answers.groups.map((group) => ({
    context: group.answers,
    questions: questionsFor(predictor, request, group.answers),
  }));
  requireFew(groups, request);
  const newQuestions = (request.newQuestions ?? []).map(newQuestionOf);
  const predicted = await predictWith(subject, { predictor, model, groups, newQuestions });
  const level = request.level ?? DEFAULT_LEVEL;
  const intervals = calibration === null ? [] : intervalRules(calibration, level);
  const response: PredictionResponse = {
    round,
    why,
    modelRoot: toHex(root),
    intervals,
    groups: answers.groups.map(({ id, answers: given }, index) => ({
      id,
      predictions: predicted[index]!.map((prediction) => {
        const rule = ruleFor(intervals, prediction, given.length);
        return view(prediction, rule);
      }),
    })),
  };
  return format === "json"
    ? JSON.stringify(response)
    : predictionCsv(predictionRows(response, questionnaire));
}

/** What is wrong with a model or a questionnaire is not the request's fault. */
function refuseFederation(error: unknown): never {
  if (!(error instanceof PlenaryError || error instanceof TrainingError)) throw error;
  const message = `This federation's model cannot predict: ${error.message}`;
  throw new PlenaryError("configuration-mismatch", message, error.context);
}

async function subjectOf(task: PredictionTask): Promise<Subject> {
  const known = subjects.get(task.key);
  if (known !== undefined) return known;
  const { configuration, heldOut } = task;
  const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
  const questionnaire = parseQuestionnaire(json(task.questionnaire));
  const embeddings = decodeEmbeddings(task.embeddings);
  const predictor = predictorOf(configuration, questionnaire, embeddings);
  const model = vectorFromBytes(task.model);
  // WebAssembly gives the same shares on every machine, and its thread can be ended at any time.
  const engine = await openEngine("wasm");
  const calibration =
    heldOut === null || configuration.heldOut === null
      ? null
      : await calibrate({
          predictor,
          model,
          answers: parseAnswers(json(heldOut), questionnaire),
          engine,
          seed: EVALUATION_SEED,
          halves: fromHex(configuration.heldOut, 32),
        });
  const subject = { predictor, model, engine, calibration };
  subjects.set(task.key, subject);
  return subject;
}

/** Graphs with new questions are used once, so they have an engine that closes after that. */
async function predictWith(
  { engine }: Subject,
  input: Omit<PredictGroupsInput, "engine">,
): Promise<Prediction[][]> {
  if (input.newQuestions?.length === 0) return predictGroups({ ...input, engine });
  const own = await openEngine("wasm");
  try {
    return await predictGroups({ ...input, engine: own });
  } finally {
    await own.close();
  }
}

function questionsFor(
  { questionnaire }: Predictor,
  { questions, newQuestions = [] }: PredictionRequest,
  given: PredictionRequest["groups"][number]["answers"],
): readonly string[] {
  if (questions !== undefined) return questions;
  if (newQuestions.length > 0) return [];
  const answered = new Set(given.map(({ question }) => question));
  return questionnaire.questions.map(({ id }) => id).filter((id) => !answered.has(id));
}

function requireFew(
  groups: readonly { readonly questions: readonly string[] }[],
  { newQuestions = [] }: PredictionRequest,
): void {
  const asked = groups.reduce((sum, { questions }) => sum + questions.length, 0);
  const predictions = asked + groups.length * newQuestions.length;
  if (predictions <= MOST_PREDICTIONS) return;
  throw new PlenaryError(
    "payload-too-large",
    `A request is for at most ${MOST_PREDICTIONS} predictions (groups times questions), and this one is for ${predictions}: send it in parts.`,
    { predictions, limit: MOST_PREDICTIONS },
  );
}

function newQuestionOf({
  options,
  embeddings,
}: NonNullable<PredictionRequest["newQuestions"]>[number]): NewQuestion {
  const bytes = fromBase64(embeddings);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) =>
    view.getFloat32(4 * index, true),
  );
  if (bytes.length % 4 === 0 && values.every(Number.isFinite))
    return { options, embeddings: values };
  throw new PlenaryError(
    "invalid-input",
    "Body: newQuestions.embeddings must hold finite float32 values, little-endian, in base64.",
    { field: "newQuestions.embeddings" },
  );
}

function view(
  { question, kind, shares }: Prediction,
  rule: ReturnType<typeof ruleFor>,
): PredictionResponse["groups"][number]["predictions"][number] {
  const bounds = rule === null ? null : shares.map((share) => intervalOf(share, rule));
  return {
    question,
    kind,
    shares: shares.map(rounded),
    low: bounds?.map(({ low }) => rounded(low)) ?? null,
    high: bounds?.map(({ high }) => rounded(high)) ?? null,
  };
}
