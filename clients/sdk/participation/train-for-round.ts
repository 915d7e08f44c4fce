import {
  checkpointRoot,
  encodeCheckpoint,
  encodeTrainingCommitment,
  hashJson,
  leafHash,
  type RoundView,
  sha256,
  type TrainingCommitment,
  ZERO_HASH,
} from "@plenary/protocol";
import { parseTrainingSettings, type TrainRoundResult } from "@plenary/training";
import type { KeptTraining } from "../member-store/index.ts";
import type { ParticipationSession } from "./participation.ts";

/** A round's training, in the form that an audit will ask for. */
export interface TrainedForRound {
  readonly result: TrainRoundResult;
  /** The envelope's `checkpointRoot`: zeros where training is not audited. */
  readonly checkpointRoot: Uint8Array;
  readonly kept: KeptTraining | undefined;
}

/**
 * Trains on a round's base model. Where the federation audits training, it takes checkpoints and
 * starts with a new optimiser.
 */
export async function trainForRound(
  session: ParticipationSession,
  view: Pick<RoundView, "number" | "questionnaire">,
  base: Int32Array,
): Promise<TrainedForRound> {
  const { store, options, emit } = session;
  const { context, answers, trainer } = await session.questions.of(view);
  const number = BigInt(view.number);
  const { audits } = context.configuration;
  const input = {
    base,
    answers,
    round: Number(number),
    onProgress: (progress: { step: number; steps: number; loss: number }) =>
      emit({ type: "training", round: number, ...progress }),
    signal: options.signal,
  };
  if (audits === undefined) {
    const last = await store.lastCounted();
    const optimizerState = last === null ? undefined : await store.optimizerState(last);
    const result = await trainer.train({ ...input, seed: store.seed, optimizerState });
    return { result, checkpointRoot: ZERO_HASH, kept: undefined };
  }
  const every = audits.checkpointEvery;
  const checkpoints: Uint8Array[] = [];
  const commitment: TrainingCommitment = {
    answersHash: hashJson(answers),
    seed: seedForRound(store.seed, number),
    round: number,
    steps: parseTrainingSettings(context.configuration.training).localSteps,
    checkpointEvery: every,
  };
  const result = await trainer.train({
    ...input,
    seed: commitment.seed,
    checkpoints: {
      every,
      keep: (checkpoint) => void checkpoints.push(encodeCheckpoint(checkpoint)),
    },
  });
  return {
    result,
    checkpointRoot: checkpointRoot(commitment, checkpoints.map(leafHash)),
    kept: { commitment: encodeTrainingCommitment(commitment), checkpoints },
  };
}

/**
 * An auditor sees the seed of the round that it audits. The seeds of other rounds do not follow
 * from it.
 */
function seedForRound(seed: Uint8Array, round: bigint): Uint8Array {
  return sha256(new TextEncoder().encode(`plenary/training-seed/1\n${round}\n`), seed);
}
