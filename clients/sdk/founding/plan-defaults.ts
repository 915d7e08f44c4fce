import { createCodec, type Registries } from "@plenary/algorithms";
import type { AnswerSet, FederationConfiguration, PluginConfiguration } from "@plenary/protocol";
import { DEFAULT_TRAINING } from "@plenary/training";

/** A thousand tokens, at six decimals. */
export const DEFAULT_REWARD = "1000000000";
const DEFAULT_QUORUM = 3;
/** Cells of one update beyond which pay by data size does not rise. */
const DEFAULT_CAP = 4096;

export function defaultLimits(
  codecs: readonly PluginConfiguration[],
  parameterCount: number,
  registries: Registries,
): FederationConfiguration["limits"] {
  const longest = codecs.map((codec) =>
    createCodec(codec, registries.codecs).maxPayloadLength(parameterCount),
  );
  return { maxUpdates: 256, maxWeight: 4096, maxPayloadBytes: Math.max(...longest) };
}

/**
 * At least two updates, if the quorum allows it: the mean of one update is that member's own model.
 */
export function defaultRounds(quorum = DEFAULT_QUORUM): FederationConfiguration["rounds"] {
  return {
    quorum,
    minimum: Math.min(2, quorum),
    deadlineSeconds: 300,
    graceSeconds: 300,
    total: 0,
  };
}

export function trainingOf(predictor: string): Readonly<Record<string, unknown>> {
  return predictor === "gpo" ? DEFAULT_TRAINING.gpo : DEFAULT_TRAINING.tilt;
}

/** The measure of contribution, with what it lacks: the cap, or the answers that it scores on. */
export function payBy(
  chosen: PluginConfiguration | undefined,
  scoredOn: AnswerSet | null,
  keepJson: (value: unknown) => string,
): PluginConfiguration {
  const measure = chosen ?? { name: scoredOn === null ? "data-size" : "leave-one-out" };
  if (measure.name === "data-size") return { cap: DEFAULT_CAP, ...measure };
  if (measure.name !== "leave-one-out" || scoredOn === null) return measure;
  return { heldOut: keepJson(scoredOn), ...measure };
}
