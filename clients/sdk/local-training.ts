import type { AnswerSet } from "@plenary/protocol";
import {
  type EngineName,
  type OptimizerState,
  openEngine,
  parseTrainingSettings,
  type TrainingProgress,
  type TrainRoundResult,
  trainRound,
} from "@plenary/training";
import type { FederationContext } from "./open-federation.ts";

export interface LocalTraining {
  readonly context: Pick<FederationContext, "predictor" | "configuration">;
  readonly base: Int32Array;
  readonly answers: AnswerSet;
  readonly round: number;
  readonly seed: Uint8Array;
  readonly engine: EngineName;
  readonly optimizerState: OptimizerState | undefined;
  readonly onProgress: (progress: TrainingProgress) => void;
  readonly signal: AbortSignal | undefined;
}

/** Trains a round on the member's own answers, as the federation's configuration says. */
export async function trainLocally(input: LocalTraining): Promise<TrainRoundResult> {
  const { context, engine: name, ...rest } = input;
  const engine = await openEngine(name);
  try {
    const training = parseTrainingSettings(context.configuration.training);
    return await trainRound({ ...rest, predictor: context.predictor, training, engine });
  } finally {
    await engine.close();
  }
}
