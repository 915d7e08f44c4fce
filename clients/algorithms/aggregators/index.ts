import { createPlugin, type Registry } from "../plugin.ts";
import type { Aggregator } from "./aggregator.ts";
import { mean } from "./mean.ts";

export { aggregateRound, type CountedUpdate, type RoundAggregate } from "./aggregate-round.ts";
export type { Aggregator, RunningAggregate, WeightedDelta } from "./aggregator.ts";

/**
 * The aggregators that come with Plenary, by the name in a configuration. docs/extending.md says
 * how to add one.
 */
export const aggregators = { mean } as const satisfies Registry<Aggregator>;

/**
 * The aggregator that a configuration names. Throws `invalid-input` on a wrong name or parameter.
 */
export function createAggregator(
  configuration: { readonly name: string },
  registry: Registry<Aggregator> = aggregators,
): Aggregator {
  return createPlugin("aggregator", registry, configuration);
}
