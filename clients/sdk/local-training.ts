import {
  type EngineName,
  openTrainingWorker,
  parseTrainingSettings,
  type TrainRoundInput,
  type TrainRoundResult,
} from "@plenary/training";
import type { FederationContext } from "./open-federation.ts";

/** Trains rounds on the member's own answers, as the federation's configuration says. */
export interface LocalTrainer {
  train(input: Omit<TrainRoundInput, "predictor" | "engine" | "training">): Promise<TrainRoundResult>;
  close(): Promise<void>;
}

/** Starts a thread for training: a step blocks its event loop, and this one must go on talking to the service. */
export function openLocalTrainer(
  { predictor, configuration }: Pick<FederationContext, "predictor" | "configuration">,
  engine: EngineName,
): LocalTrainer {
  const training = parseTrainingSettings(configuration.training);
  const worker = openTrainingWorker(predictor, engine);
  return {
    train: (input) => worker.train({ ...input, training }),
    close: () => worker.close(),
  };
}
