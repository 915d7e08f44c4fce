import type { PipelineState } from "@plenary/algorithms";
import type { OptimizerState } from "@plenary/training";
import type { Outcome, RoundRecord, StoredReceipt } from "./round-record.ts";

/** A trained and signed update, ready to be sent. */
export interface PreparedUpdate {
  readonly record: Pick<
    RoundRecord,
    "round" | "sequence" | "baseRoot" | "envelope" | "signature" | "weight" | "loss"
  >;
  readonly payload: Uint8Array;
  readonly optimizerState: OptimizerState | undefined;
  /** The pipeline's state if this update counts. */
  readonly pipelineState?: PipelineState | undefined;
  /** Present where training is audited. */
  readonly training?: KeptTraining | undefined;
}

/** A training in the form that an audit asks for. */
export interface KeptTraining {
  readonly commitment: Uint8Array;
  /** Checkpoint 1 and later. */
  readonly checkpoints: readonly Uint8Array[];
}

/**
 * The memory of a member: which envelopes it signed, with which sequence, and the states that
 * training and pipeline continue from. Everything is on disk before the call resolves, and an
 * envelope before it is sent: a process that is killed at any moment continues without training
 * twice, and never signs two envelopes with one sequence.
 */
export interface MemberStore {
  /** Seeds the member's draws (32 bytes). */
  readonly seed: Uint8Array;
  record(round: bigint): Promise<RoundRecord | null>;
  /** The record of the latest round. */
  latest(): Promise<RoundRecord | null>;
  /**
   * The newest record of an update that counts. Training and pipeline continue from its states:
   * those of an update that was refused or missed, or whose round is void, are left out.
   */
  lastCounted(): Promise<RoundRecord | null>;
  /** The newest record of an update that was trained on this base model. */
  onBase(baseRoot: string): Promise<RoundRecord | null>;
  /**
   * Stores a signed update before it is sent. Throws `equivocation` if the round has a record with
   * this or a higher sequence and another envelope.
   */
  prepare(update: PreparedUpdate): Promise<RoundRecord>;
  acknowledge(round: bigint, receipt: StoredReceipt): Promise<RoundRecord>;
  settle(round: bigint, outcome: Outcome): Promise<RoundRecord>;
  /**
   * Settles as void every update after a round that was counted or refused. The chain has dropped
   * those rounds when a later one opens on this base.
   */
  voidAfter(baseRound: bigint): Promise<void>;
  /** Payload of a stored update; null if it has been cleared away. */
  payload(record: RoundRecord): Promise<Uint8Array | null>;
  optimizerState(record: RoundRecord): Promise<OptimizerState | undefined>;
  pipelineState(record: RoundRecord): Promise<PipelineState | undefined>;
  /** The training of an update; undefined if it has no checkpoints, or they were cleared away. */
  training(record: RoundRecord): Promise<KeptTraining | undefined>;
  close(): Promise<void>;
}
