import type { PipelineState } from "@plenary/algorithms";
import type { OptimizerState } from "@plenary/training";
import type { Outcome, RoundRecord, StoredReceipt } from "./round-record.ts";

/** A trained update, ready to be signed for and sent. */
export interface PreparedUpdate {
  readonly record: Pick<
    RoundRecord,
    "round" | "sequence" | "baseRoot" | "envelope" | "signature" | "weight" | "loss"
  >;
  readonly payload: Uint8Array;
  readonly optimizerState: OptimizerState | undefined;
  /** What the pipeline's steps keep, if this update counts. */
  readonly pipelineState?: PipelineState | undefined;
  /** Where training is audited. */
  readonly training?: KeptTraining | undefined;
}

/** A training as an audit will ask for it, encoded. */
export interface KeptTraining {
  readonly commitment: Uint8Array;
  /** Checkpoint 1 and on. */
  readonly checkpoints: readonly Uint8Array[];
}

/**
 * What a member must remember: which envelopes it signed, with which sequence, and the states that
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
  /** Payload of a stored update; null if it has been cleared away. */
  payload(record: RoundRecord): Promise<Uint8Array | null>;
  optimizerState(record: RoundRecord): Promise<OptimizerState | undefined>;
  pipelineState(record: RoundRecord): Promise<PipelineState | undefined>;
  /** What an audit asks for; undefined if there are no checkpoints, or they were cleared away. */
  training(record: RoundRecord): Promise<KeptTraining | undefined>;
  close(): Promise<void>;
}
