import { PlenaryError } from "@plenary/protocol";
import {
  type EngineName,
  openTrainingWorker,
  parseTrainingSettings,
  type TrainRoundInput,
  type TrainRoundResult,
} from "@plenary/training";
import type { FederationContext } from "../access/index.ts";

/**
 * Trains rounds on the member's own answers, with the settings of the federation's configuration.
 */
export interface LocalTrainer {
  train(
    input: Omit<TrainRoundInput, "predictor" | "engine" | "training">,
  ): Promise<TrainRoundResult>;
  close(): Promise<void>;
}

/**
 * The engine that a member trains with: where audits compare bits the reproducible one, else the
 * chosen one, native by default. Throws `invalid-input` when native is chosen where audits compare
 * bits.
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

/**
 * Starts a thread for training. A step blocks the event loop of its thread, and this thread must
 * keep talking to the service.
 */
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
