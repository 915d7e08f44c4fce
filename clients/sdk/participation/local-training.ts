import { PlenaryError } from "@plenary/protocol";
import {
  type EngineName,
  openTrainingWorker,
  parseTrainingSettings,
  type TrainRoundInput,
  type TrainRoundResult,
} from "@plenary/training";
import type { FederationContext } from "../access/index.ts";

/** Trains rounds on the member's own answers, as the federation's configuration says. */
export interface LocalTrainer {
  train(
    input: Omit<TrainRoundInput, "predictor" | "engine" | "training">,
  ): Promise<TrainRoundResult>;
  close(): Promise<void>;
}

/**
 * The engine that a member trains with: native unless it chooses, and the reproducible one where audits compare bits. Throws
 * `invalid-input` when it chooses native there.
 */
export function trainingEngine(
  { configuration }: Pick<FederationContext, "configuration">,
  chosen: EngineName | undefined,
): EngineName {
  if (configuration.audits?.mode.name !== "reproducible") return chosen ?? "native";
  if (chosen === "native")
    throw new PlenaryError(
      "invalid-input",
      "This federation audits training to the bit: the native engine would fail its audits. Leave the engine out, or choose wasm.",
      { field: "engine" },
    );
  return "wasm";
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
