import { PlenaryError } from "./errors.ts";
import { layout, type RecordOf } from "./layout.ts";
import { leafHash, merkleRoot } from "./merkle.ts";

/*
 * A member commits to its training so that an auditor can redo any part of it. The envelope's
 * `checkpointRoot` is the root of the checkpoints tree. Leaf 0 is the training commitment, leaf j
 * the state of the training after min(j x every, steps) steps. Checkpoint 0 has no leaf: everybody
 * knows it, for it is the round's base model and a new optimiser.
 */

const TRAINING_FIELDS = {
  /** SHA-256 of the answers in canonical JSON. */
  answersHash: "bytes32",
  /**
   * The member's seed; with `round` it fixes every draw. As long as it is secret, nobody can guess
   * the answers from their hash.
   */
  seed: "bytes32",
  /**
   * The round of the training. After a void, the member signs the same training for a later round.
   */
  round: "u64",
  steps: "u32",
  checkpointEvery: "u32",
} as const;
const TRAINING = layout(
  "training commitment",
  new TextEncoder().encode("plenary/training/1"),
  TRAINING_FIELDS,
);

/** What a training depends on, beside the federation's configuration and the round's base model. */
export type TrainingCommitment = RecordOf<typeof TRAINING_FIELDS>;

/** Bytes of an encoded training commitment. */
export const TRAINING_COMMITMENT_LENGTH = TRAINING.length;

/** The first leaf of the checkpoints tree. Throws `invalid-input` naming a field out of range. */
export function encodeTrainingCommitment(commitment: TrainingCommitment): Uint8Array {
  return TRAINING.encode(commitment);
}

/** Throws `malformed-envelope` naming what is wrong. */
export function decodeTrainingCommitment(bytes: Uint8Array): TrainingCommitment {
  return TRAINING.decode(bytes);
}

/**
 * The complete state of a training between two steps. With the training commitment it fixes every
 * later state.
 */
export interface Checkpoint {
  /** Steps done in this round. */
  readonly step: number;
  /** Steps that the optimiser has counted. */
  readonly optimizerStep: number;
  readonly parameters: Float32Array;
  /**
   * The optimiser's running means, each as long as `parameters`. Empty for an optimiser without
   * any.
   */
  readonly moments: readonly Float32Array[];
}

const DOMAIN = new TextEncoder().encode("plenary/checkpoint/1");
/** Domain, then step, optimiser's step, number of parameters and number of moments, u32 each. */
const HEADER = DOMAIN.length + 16;
const MOST_MOMENTS = 8;

/**
 * Bytes of a checkpoint: header, parameters, moments; float32 as they are, all little-endian.
 * Throws `invalid-input`.
 */
export function encodeCheckpoint({
  step,
  optimizerStep,
  parameters,
  moments,
}: Checkpoint): Uint8Array {
  const vectors = [parameters, ...moments];
  if (
    vectors.some((vector) => vector.length !== parameters.length || !vector.every(Number.isFinite))
  )
    throw malformed("holds vectors of one length and finite numbers only");
  const bytes = new Uint8Array(HEADER + vectors.length * parameters.length * 4);
  const view = new DataView(bytes.buffer);
  bytes.set(DOMAIN);
  [step, optimizerStep, parameters.length, moments.length].forEach((value, i) => {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32)
      throw malformed("counts in 32 bits");
    view.setUint32(DOMAIN.length + 4 * i, value, true);
  });
  let offset = HEADER;
  for (const vector of vectors)
    for (const value of vector) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  return bytes;
}

/** Throws `invalid-input` on bytes that encodeCheckpoint does not give. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || !DOMAIN.every((byte, i) => bytes[i] === byte))
    throw malformed("begins with its domain");
  const header = (i: number) => view.getUint32(DOMAIN.length + 4 * i, true);
  const [step, optimizerStep, length, count] = [header(0), header(1), header(2), header(3)];
  if (count > MOST_MOMENTS) throw malformed(`has at most ${MOST_MOMENTS} moments`);
  if (bytes.length !== HEADER + (count + 1) * length * 4)
    throw malformed("has the length that it states");
  const vectorAt = (position: number): Float32Array => {
    const start = HEADER + position * length * 4;
    return Float32Array.from({ length }, (_, i) => view.getFloat32(start + 4 * i, true));
  };
  const vectors = Array.from({ length: count + 1 }, (_, i) => vectorAt(i));
  if (!vectors.every((vector) => vector.every(Number.isFinite)))
    throw malformed("holds finite numbers only");
  const [parameters = new Float32Array(), ...moments] = vectors;
  return { step, optimizerStep, parameters, moments };
}

/**
 * Segments of a training, each between two checkpoints: segment i leads from checkpoint i to
 * checkpoint i + 1.
 */
export function segmentCount(steps: number, checkpointEvery: number): number {
  return Math.ceil(steps / checkpointEvery);
}

/** Steps done at a checkpoint. */
export function stepAt(checkpoint: number, steps: number, checkpointEvery: number): number {
  return Math.min(checkpoint * checkpointEvery, steps);
}

/**
 * Leaf hashes of the checkpoints tree. `checkpoints` are the leaf hashes of checkpoint 1 and later.
 */
export function checkpointLeaves(
  commitment: TrainingCommitment,
  checkpoints: readonly Uint8Array[],
): Uint8Array[] {
  return [leafHash(encodeTrainingCommitment(commitment)), ...checkpoints];
}

/** The envelope's `checkpointRoot`. */
export function checkpointRoot(
  commitment: TrainingCommitment,
  checkpoints: readonly Uint8Array[],
): Uint8Array {
  return merkleRoot(checkpointLeaves(commitment, checkpoints));
}

function malformed(rule: string): PlenaryError {
  return new PlenaryError("invalid-input", `These bytes do not hold a checkpoint: one ${rule}.`);
}
