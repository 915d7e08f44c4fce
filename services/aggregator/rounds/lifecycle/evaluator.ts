import {
  type AnswerSet,
  checkQuestionnaireNames,
  decodeEmbeddings,
  EvaluationView,
  type FederationConfiguration,
  fromHex,
  PlenaryError,
  parseAnswers,
  parseQuestionnaire,
  type Questionnaire,
} from "@plenary/protocol";
import {
  checkPublicData,
  type Engine,
  type ModelMeasures,
  measureModel,
  openEngine,
  type Predictor,
  predictorOf,
  TrainingError,
  utility,
} from "@plenary/training";
import { Value } from "typebox/value";
import type { BlobStore } from "../../store/blobs/index.ts";

/**
 * Seed of the evaluation contexts. It is the same for every round, so that rounds can be compared.
 */
export const EVALUATION_SEED = 7;

/** Runs models on held-out answers. */
export interface Evaluator {
  /**
   * Throws if predictor, questionnaire and answers do not fit together, or have names that could be
   * mistaken for each other. Runs no model.
   */
  check(configuration: FederationConfiguration): Promise<void>;
  /** The integer that contribution is measured by, from the reproducible engine. */
  utility(configuration: FederationConfiguration, model: Int32Array): Promise<number>;
  /**
   * Alignment scores for people. Undefined if the federation has no held-out answers; null if the
   * model's predictions are not numbers, as happens with very large parameters.
   */
  alignment(
    configuration: FederationConfiguration,
    model: Int32Array,
  ): Promise<EvaluationView | null | undefined>;
  close(): Promise<void>;
}

interface Subject {
  readonly predictor: Predictor;
  readonly questionnaire: Questionnaire;
}

/** Throws what training says about a configuration or about answers as `invalid-input`. */
function rethrow(error: unknown): never {
  if (!(error instanceof TrainingError) || !ABOUT_INPUT.has(error.code)) throw error;
  throw new PlenaryError("invalid-input", error.message, error.context, { cause: error });
}

const ABOUT_INPUT: ReadonlySet<string> = new Set(["answers-invalid", "model-mismatch"]);

/** Loads predictors, answers and engines when they are first needed, and keeps them. */
export function trainingEvaluator(blobs: Pick<BlobStore, "read">): Evaluator {
  const subjects = new Map<string, Promise<Subject>>();
  const answerSets = new Map<string, Promise<AnswerSet>>();
  const engines = new Map<"native" | "wasm", Promise<Engine>>();
  const engine = (name: "native" | "wasm") => once(engines, name, () => openEngine(name));
  const subjectOf = (configuration: FederationConfiguration) =>
    once(
      subjects,
      `${configuration.questionnaire} ${JSON.stringify(configuration.predictor)}`,
      () => loadSubject(blobs, configuration),
    );
  const answersOf = (hash: string, questionnaire: Questionnaire) =>
    once(answerSets, hash, async () => parseAnswers(await readJson(blobs, hash), questionnaire));
  return {
    async check(configuration) {
      const { questionnaire } = await subjectOf(configuration);
      // Before the answers, which would be said to be wrong otherwise.
      checkQuestionnaireNames(questionnaire);
      const named = [
        ...(configuration.heldOut === null ? [] : [configuration.heldOut]),
        ...(isScored(configuration) ? [heldOutOf(configuration)] : []),
      ];
      const heldOut = await Promise.all(named.map((hash) => answersOf(hash, questionnaire)));
      checkPublicData(questionnaire, heldOut);
    },
    async utility(configuration, model) {
      const { predictor, questionnaire } = await subjectOf(configuration);
      const heldOut = await answersOf(heldOutOf(configuration), questionnaire);
      const wasm = await engine("wasm");
      return utility({ predictor, model, heldOut, engine: wasm }).catch(rethrow);
    },
    async alignment(configuration, model) {
      if (configuration.heldOut === null) return undefined;
      const { predictor, questionnaire } = await subjectOf(configuration);
      const answers = await answersOf(configuration.heldOut, questionnaire);
      const measured = await measureModel({
        predictor,
        model,
        answers,
        engine: await engine("native"),
        seed: EVALUATION_SEED,
        halves: fromHex(configuration.heldOut, 32),
      }).catch(rethrow);
      const evaluation = evaluationOf(measured);
      return isFiniteEvaluation(evaluation) ? evaluation : null;
    },
    async close() {
      for (const opened of engines.values()) await (await opened).close();
    },
  };
}

/**
 * Whether an evaluation is as the API states it. Scores that are not finite are not; the database
 * holds them as null.
 */
export function isFiniteEvaluation(evaluation: EvaluationView): boolean {
  return Value.Check(EvaluationView, evaluation);
}

function evaluationOf(measured: ModelMeasures): EvaluationView {
  const { mean, min, fairness, groups, choosing, reporting } = measured;
  return {
    mean,
    min,
    fairness,
    groups: groups.map(({ id, alignment }) => ({ id, alignment })),
    halves: {
      choosing: { ...choosing, groups: [...choosing.groups] },
      reporting: { ...reporting, groups: [...reporting.groups] },
    },
  };
}

/** Whether rounds run the predictor: to measure contribution or to show people its alignment. */
export function runsPredictor(configuration: FederationConfiguration): boolean {
  return configuration.heldOut !== null || isScored(configuration);
}

function isScored({ contribution }: FederationConfiguration): boolean {
  return contribution.heldOut !== undefined;
}

/** The answers that contribution is measured on. */
function heldOutOf({ contribution }: FederationConfiguration): string {
  if (typeof contribution.heldOut === "string") return contribution.heldOut;
  throw new PlenaryError(
    "invalid-input",
    `The contribution measure ${contribution.name} names no held-out answers.`,
    {
      field: "contribution.heldOut",
    },
  );
}

async function loadSubject(
  blobs: Pick<BlobStore, "read">,
  configuration: FederationConfiguration,
): Promise<Subject> {
  const questionnaire = parseQuestionnaire(await readJson(blobs, configuration.questionnaire));
  const embeddings = decodeEmbeddings(await blobs.read(fromHex(questionnaire.embeddings.blob, 32)));
  return { predictor: predictorOf(configuration, questionnaire, embeddings), questionnaire };
}

async function readJson(blobs: Pick<BlobStore, "read">, hash: string): Promise<unknown> {
  const bytes = await blobs.read(fromHex(hash, 32));
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PlenaryError("invalid-input", `The blob ${hash} is not JSON.`, { hash }, { cause });
  }
}

/** One value for each key, also while it is being made. A failure is not kept. */
function once<K, V>(kept: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  let value = kept.get(key);
  if (value === undefined) {
    value = make();
    kept.set(key, value);
    value.catch(() => kept.delete(key));
  }
  return value;
}
