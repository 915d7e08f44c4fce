import { createPlugin, type Registry } from "../plugin.ts";
import { fedavg } from "./fedavg.ts";
import { fedavgm } from "./fedavgm.ts";
import type { Strategy } from "./strategy.ts";

export { initialState, joinState, splitState, zeroState } from "./state.ts";
export type { StateVectors, Strategy, StrategyStep } from "./strategy.ts";

/** The strategies that come with Plenary, by the name in a configuration. */
export const strategies = { fedavg, fedavgm } as const satisfies Registry<Strategy>;

/** The strategy that a configuration names. Throws `invalid-input` on a wrong name or parameter. */
export function createStrategy(
  configuration: { readonly name: string },
  registry: Registry<Strategy> = strategies,
): Strategy {
  return createPlugin("strategy", registry, configuration);
}
