import type { AnswerSet, TrainingCommitment } from "@plenary/protocol";

/** A checkpoint with its proof. */
export interface ShownCheckpoint {
  readonly bytes: Uint8Array;
  /** Audit path in the checkpoints tree. */
  readonly path: readonly Uint8Array[];
}

/** The evidence that a member shows its auditor, and nobody else. */
export interface TrainingEvidence {
  readonly answers: AnswerSet;
  readonly commitment: TrainingCommitment;
  readonly commitmentPath: readonly Uint8Array[];
  /** By number. */
  readonly checkpoints: ReadonlyMap<number, ShownCheckpoint>;
}

/**
 * Numbers of the checkpoints that an audit of these segments needs: both ends of each, and the last
 * one, from which the update follows.
 */
export function checkpointsToShow(segments: readonly number[], total: number): number[] {
  const ends = segments.flatMap((segment) => [segment, segment + 1]);
  return [...new Set([...ends, total])].filter((number) => number > 0).sort((a, b) => a - b);
}
