import type { FederationConfiguration } from "@plenary/protocol";

/**
 * Why questions cannot be added under this configuration, as half a sentence; null if they can. The
 * counts of who answered are right only if the next model is the mean of the updates.
 */
export function growthProblem({
  predictor,
  strategy,
  aggregator,
}: Pick<FederationConfiguration, "predictor" | "strategy" | "aggregator">): string | null {
  if (predictor.name !== "tilt") return null;
  if (predictor.reserve === undefined)
    return "its predictor reserves no room for new questions (predictor.reserve)";
  if (strategy.name !== "fedavg" || aggregator.name !== "mean")
    return "room for new questions needs the strategy fedavg and the aggregator mean";
  return null;
}
