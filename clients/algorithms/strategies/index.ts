import { configurationSchema, createPlugin, type PluginFactory } from "../plugin.ts";
import { fedavg } from "./fedavg.ts";
import { fedavgm } from "./fedavgm.ts";
import type { Strategy } from "./strategy.ts";

export type { Strategy, StrategyStep } from "./strategy.ts";

export const strategies = { fedavg, fedavgm } as const satisfies Record<
  string,
  PluginFactory<Strategy>
>;

export const StrategyConfiguration = configurationSchema(strategies);

/** The strategy of a federation's configuration. Throws `invalid-input` on an unknown name or wrong parameters. */
export function createStrategy(configuration: { readonly name: string }): Strategy {
  return createPlugin<Strategy>("strategy", strategies, configuration);
}
