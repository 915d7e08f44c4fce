import { createCodec, vectorRootFast } from "@plenary/algorithms";
import {
  type AnswerSet,
  type AuditConfiguration,
  auditPath,
  type Checkpoint,
  checkpointLeaves,
  type Envelope,
  encodeCheckpoint,
  type FederationConfiguration,
  hashJson,
  leafHash,
  merkleRoot,
  sha256,
  type TrainingCommitment,
  toBase58,
  toHex,
  vectorToBytes,
} from "@plenary/protocol";
import {
  type AuditFinding,
  auditTraining,
  checkpointsToShow,
  type Engine,
  type Predictor,
  type TrainingEvidence,
  type TrainingSettings,
} from "../index.ts";

/** A member's update and what the member keeps of it; a cheater may change any part. */
export interface MadeUpdate {
  readonly answers: AnswerSet;
  readonly commitment: TrainingCommitment;
  /** Checkpoint 1 and on. */
  readonly checkpoints: readonly Checkpoint[];
  readonly delta: Int32Array;
  readonly weight: number;
}

export interface Setting {
  readonly predictor: Predictor;
  readonly training: TrainingSettings;
  readonly audits: AuditConfiguration;
  readonly base: Int32Array;
}

export const COMMITTED_SEED = sha256(new TextEncoder().encode("a member's seed"));

export function commitmentOf(
  { training, audits }: Setting,
  answers: AnswerSet,
  round: bigint,
): TrainingCommitment {
  const { checkpointEvery } = audits;
  const answersHash = hashJson(answers);
  return { answersHash, seed: COMMITTED_SEED, round, steps: training.localSteps, checkpointEvery };
}

export function configurationOf({
  predictor,
  training,
  audits,
  base,
}: Setting): FederationConfiguration {
  return {
    version: 1,
    name: "audited",
    questionnaire: "00".repeat(32),
    predictor: predictor.configuration,
    training,
    initialModel: toHex(sha256(vectorToBytes(base))),
    parameterCount: base.length,
    strategy: { name: "fedavg" },
    aggregator: { name: "mean" },
    codecs: ["int8", "int32"],
    screening: { maxNorm: 0 },
    contribution: { name: "data-size", cap: 100 },
    heldOut: null,
    limits: { maxUpdates: 64, maxWeight: 4096, maxPayloadBytes: base.length * 4 },
    rounds: { quorum: 2, minimum: 1, deadlineSeconds: 60, graceSeconds: 60, total: 0 },
    rewardPerRound: "1000",
    audits,
  };
}

/**
 * The envelope of an update and the evidence for an audit of some segments, as the member's
 * software would make them.
 */
export function submit(
  setting: Setting,
  made: MadeUpdate,
  segments: readonly number[],
): { envelope: Envelope; evidence: TrainingEvidence } {
  const codec = createCodec({ name: "int8" });
  const payload = codec.encode(made.delta);
  const encoded = made.checkpoints.map(encodeCheckpoint);
  const leaves = checkpointLeaves(made.commitment, encoded.map(leafHash));
  const envelope: Envelope = {
    genesisHash: new Uint8Array(32),
    programId: new Uint8Array(32),
    federation: new Uint8Array(32),
    round: made.commitment.round,
    member: new Uint8Array(32).fill(7),
    baseRoot: vectorRootFast(setting.base),
    sequence: 1n,
    codec: codec.id,
    payloadLength: payload.length,
    payloadHash: sha256(payload),
    weight: made.weight,
    deltaRoot: vectorRootFast(codec.decode(payload, made.delta.length)),
    checkpointRoot: merkleRoot(leaves),
  };
  const numbers = checkpointsToShow(segments, encoded.length);
  const evidence: TrainingEvidence = {
    answers: made.answers,
    commitment: made.commitment,
    commitmentPath: auditPath(leaves, 0),
    checkpoints: new Map(
      numbers.map((number) => [
        number,
        { bytes: encoded[number - 1]!, path: auditPath(leaves, number) },
      ]),
    ),
  };
  return { envelope, evidence };
}

/** The audit of a made update. */
export function audit(
  setting: Setting,
  made: MadeUpdate,
  segments: readonly number[],
  engine: Engine,
): Promise<AuditFinding> {
  const { predictor, base } = setting;
  const configuration = configurationOf(setting);
  return auditTraining({
    ...submit(setting, made, segments),
    configuration,
    predictor,
    base,
    segments,
    engine,
  });
}

export const AUDITOR = toBase58(new Uint8Array(32).fill(9));
