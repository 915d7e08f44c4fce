import {
  applyPipeline,
  codecsById,
  createPipeline,
  initPipeline,
  type PipelineOutput,
  type Registries,
  vectorRootFast,
} from "@plenary/algorithms";
import {
  type AuditConfiguration,
  type Checkpoint,
  codecConfigurations,
  decodeCheckpoint,
  deltaOf,
  type Envelope,
  encodeCheckpoint,
  encodeTrainingCommitment,
  equalBytes,
  type FederationConfiguration,
  hashJson,
  leafHash,
  PlenaryError,
  parseAnswers,
  segmentCount,
  sha256,
  stepAt,
  toFloat32,
  verifyInclusion,
} from "@plenary/protocol";
import { TrainingError } from "./errors.ts";
import { optimizers } from "./optimizers/index.ts";
import type { Predictor } from "./predictors/predictor.ts";
import { type RoundStart, roundStart } from "./round-start.ts";
import { segmentDrift } from "./segment-drift.ts";
import type { Engine } from "./sessions/engine.ts";
import { parseTrainingSettings, type TrainingSettings } from "./settings.ts";
import { sharesOf } from "./tasks.ts";
import { trainingWeight, trainSegment } from "./train-round.ts";
import { trainableGroups } from "./trainable-groups.ts";
import type { TrainingEvidence } from "./training-evidence.ts";

/**
 * The evidence of one member's training, what it is checked against, and the segments to run again.
 */
export interface AuditInput {
  readonly evidence: TrainingEvidence;
  /** The member's signed statement about the update that is audited. */
  readonly envelope: Envelope;
  readonly configuration: FederationConfiguration;
  readonly predictor: Predictor;
  /** The round's base model, which has the envelope's `baseRoot`. */
  readonly base: Int32Array;
  /** Drawn segments, ascending. */
  readonly segments: readonly number[];
  /** `wasm` in reproducible mode. */
  readonly engine: Engine;
  /** The plug-ins that Plenary comes with, by default. */
  readonly registries?: Registries | undefined;
}

/** The result of an audit. `checkpoint` counts as in AuditReport. */
export type AuditFinding =
  | { readonly outcome: "passed"; readonly checkpoint: 0; readonly text: string }
  | { readonly outcome: "failed" | "refused"; readonly checkpoint: number; readonly text: string };

/**
 * Runs the drawn segments of a member's training again and follows it to the update: first the
 * commitment, then each segment from its first checkpoint to its last, then the update from the
 * last checkpoint through the pipeline. The first part that does not follow is the finding. Throws
 * `engine-mismatch` for an engine on which equality means nothing.
 */
export async function auditTraining(input: AuditInput): Promise<AuditFinding> {
  const audit = openAudit(input);
  try {
    checkCommitment(audit);
    for (const segment of input.segments) await redo(audit, segment);
    checkUpdate(audit);
    const text = `${input.segments.length} of ${audit.total} segments were run again, and all follow.`;
    return { outcome: "passed", checkpoint: 0, text };
  } catch (error) {
    if (error instanceof Finding) return error.finding;
    throw error;
  }
}

interface Audit extends AuditInput {
  readonly audits: AuditConfiguration;
  readonly training: TrainingSettings;
  readonly total: number;
}

/** Thrown to end an audit. */
class Finding extends Error {
  readonly finding: AuditFinding;
  constructor(outcome: "failed" | "refused", checkpoint: number, text: string) {
    super(text);
    this.finding = { outcome, checkpoint, text };
  }
}

function openAudit(input: AuditInput): Audit {
  const { configuration, engine } = input;
  const { audits } = configuration;
  if (audits === undefined)
    throw new PlenaryError("invalid-input", "This federation's configuration has no audits.");
  if (audits.mode.name === "reproducible" && engine.name !== "wasm")
    throw new TrainingError(
      "engine-mismatch",
      `an audit in reproducible mode runs on the wasm engine, not on ${engine.name}`,
      { engine: engine.name },
    );
  const training = parseTrainingSettings(configuration.training);
  return {
    ...input,
    audits,
    training,
    total: segmentCount(training.localSteps, audits.checkpointEvery),
  };
}

/**
 * Data, seed and plan of the training must be those of the commitment, and the weight must follow
 * from the data.
 */
function checkCommitment(audit: Audit): void {
  const { evidence, envelope, audits, training, total, configuration } = audit;
  const { commitment, commitmentPath, answers } = evidence;
  const refuse = (text: string): never => {
    throw new Finding("failed", 0, text);
  };
  const leaf = leafHash(encodeTrainingCommitment(commitment));
  if (!verifyInclusion(envelope.checkpointRoot, leaf, 0, total + 1, commitmentPath))
    refuse("The training commitment is not the one under the envelope's checkpoint root.");
  if (!equalBytes(commitment.answersHash, hashJson(answers)))
    refuse("The answers that were shown are not those that the member committed to.");
  if (
    commitment.steps !== training.localSteps ||
    commitment.checkpointEvery !== audits.checkpointEvery
  )
    refuse(
      `The training had ${commitment.steps} steps with a checkpoint every ${commitment.checkpointEvery}; the configuration asks for ${training.localSteps} and ${audits.checkpointEvery}.`,
    );
  if (commitment.round > envelope.round)
    refuse(`The training was for round ${commitment.round}, after the audited one.`);
  const weight = Math.min(weightOf(audit), configuration.limits.maxWeight);
  if (envelope.weight !== weight)
    refuse(`The envelope states the weight ${envelope.weight}; the answers give ${weight}.`);
}

/**
 * Number of cells to train on in the shown answers; 0 if they do not answer this federation's
 * questionnaire.
 */
function weightOf({ evidence, predictor }: Audit): number {
  try {
    return trainingWeight(parseAnswers(evidence.answers, predictor.questionnaire), predictor);
  } catch (error) {
    if (error instanceof PlenaryError || error instanceof TrainingError) return 0;
    throw error;
  }
}

/** Runs a segment again and compares where it ends. */
async function redo(audit: Audit, segment: number): Promise<void> {
  const { evidence, audits, training, predictor, base, engine } = audit;
  const { answers, commitment } = evidence;
  const from = segment === 0 ? null : shown(audit, segment);
  const claimed = shown(audit, segment + 1);
  const to = stepAt(segment + 1, training.localSteps, audits.checkpointEvery);
  const round = Number(commitment.round);
  const subject = { predictor, training, base, answers, round, seed: commitment.seed, engine };
  const actual = await trainSegment({ ...subject, from, to }).catch(undefinedIfDiverged);
  if (actual !== undefined && follows(audits, claimed, actual, from ?? startOf(audit))) return;
  throw new Finding(
    "failed",
    segment + 1,
    `Checkpoint ${segment + 1} (step ${to}) does not follow from the one before.`,
  );
}

function follows(
  { mode }: AuditConfiguration,
  claimed: Checkpoint,
  actual: Checkpoint,
  start: Checkpoint,
): boolean {
  if (mode.name === "reproducible")
    return equalBytes(encodeCheckpoint(claimed), encodeCheckpoint(actual));
  return (
    claimed.optimizerStep === actual.optimizerStep &&
    segmentDrift(claimed, actual, start) <= mode.tolerance
  );
}

/** Checkpoint 0: the base model and a new optimiser. */
function startOf(audit: Audit): Checkpoint {
  const { predictor, training } = audit;
  const { step, moments } = optimizers[training.optimizer].init(predictor.parameterCount);
  const { start } = startOfTraining(audit);
  return { step: 0, optimizerStep: step, parameters: start, moments };
}

function startOfTraining({ predictor, base, evidence }: Audit): RoundStart {
  const groups = trainableGroups(sharesOf(evidence.answers, predictor.questionnaire));
  return roundStart(predictor, toFloat32(base), groups);
}

/** A checkpoint that the member showed, after its proof and form are checked. */
function shown(audit: Audit, number: number): Checkpoint {
  const { evidence, envelope, audits, training, total } = audit;
  const given = evidence.checkpoints.get(number);
  if (given === undefined)
    throw new Finding("refused", 0, `The member did not show checkpoint ${number}.`);
  const leaf = leafHash(given.bytes);
  if (!verifyInclusion(envelope.checkpointRoot, leaf, number, total + 1, given.path))
    throw new Finding(
      "failed",
      number,
      `Checkpoint ${number} is not under the envelope's checkpoint root.`,
    );
  const checkpoint = decodedOrUndefined(given.bytes);
  const start = startOf(audit);
  const fits =
    checkpoint?.step === stepAt(number, training.localSteps, audits.checkpointEvery) &&
    checkpoint.parameters.length === start.parameters.length &&
    checkpoint.moments.length === start.moments.length;
  if (fits) return checkpoint;
  throw new Finding(
    "failed",
    number,
    `Checkpoint ${number} is not the state of this federation's training.`,
  );
}

/** The update must be what the last checkpoint gives through the federation's pipeline. */
function checkUpdate(audit: Audit): void {
  const { envelope, base, total } = audit;
  const { parameters } = shown(audit, total);
  const update = sentUpdate(audit, deltaOf(base, startOfTraining(audit).finish(parameters)));
  if (
    update !== undefined &&
    equalBytes(sha256(update.payload), envelope.payloadHash) &&
    equalBytes(vectorRootFast(update.decoded), envelope.deltaRoot)
  )
    return;
  throw new Finding("failed", total + 1, "The update is not what the last checkpoint gives.");
}

/**
 * The update that a member sends after this training. Where training is audited, the steps of the
 * pipeline begin each round with a new state, as the optimiser does. Undefined if the federation
 * does not take the envelope's codec.
 */
function sentUpdate(
  { configuration, envelope, registries }: Audit,
  delta: Int32Array,
): PipelineOutput | undefined {
  const codecs = codecsById(codecConfigurations(configuration), registries?.codecs);
  const codec = codecs.get(envelope.codec);
  if (codec === undefined) return undefined;
  const pipeline = createPipeline(configuration, codec.name, registries);
  return applyPipeline(pipeline, delta, initPipeline(pipeline, delta.length));
}

function decodedOrUndefined(bytes: Uint8Array): Checkpoint | undefined {
  try {
    return decodeCheckpoint(bytes);
  } catch (error) {
    if (error instanceof PlenaryError && error.code === "invalid-input") return undefined;
    throw error;
  }
}

/** From an invented state the training may diverge. */
function undefinedIfDiverged(error: unknown): undefined {
  if (error instanceof TrainingError && error.code === "training-diverged") return undefined;
  throw error;
}
