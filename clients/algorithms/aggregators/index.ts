import { configurationSchema, createPlugin, type PluginFactory } from "../plugin.ts";
import type { Aggregator } from "./aggregator.ts";
import { mean } from "./mean.ts";

export type { Accumulator, Aggregator, WeightedDelta } from "./aggregator.ts";

export const aggregators = { mean } as const satisfies Record<string, PluginFactory<Aggregator>>;

export const AggregatorConfiguration = configurationSchema(aggregators);

/** The aggregator of a federation's configuration. Throws `invalid-input` on an unknown name or wrong parameters. */
export function createAggregator(configuration: { readonly name: string }): Aggregator {
  return createPlugin<Aggregator>("aggregator", aggregators, configuration);
}
