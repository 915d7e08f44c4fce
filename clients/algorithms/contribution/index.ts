import { configurationSchema, createPlugin, type PluginFactory } from "../plugin.ts";
import type { Contribution } from "./contribution.ts";
import { dataSize } from "./data-size.ts";
import { leaveOneOut } from "./leave-one-out.ts";

export type { Contribution, Evaluate, ScoredRound, ScoredUpdate } from "./contribution.ts";

export const contributions = {
  "leave-one-out": leaveOneOut,
  "data-size": dataSize,
} as const satisfies Record<string, PluginFactory<Contribution>>;

export const ContributionConfiguration = configurationSchema(contributions);

/** The contribution measure of a federation's configuration. Throws `invalid-input` on an unknown name or wrong parameters. */
export function createContribution(configuration: { readonly name: string }): Contribution {
  return createPlugin<Contribution>("contribution measure", contributions, configuration);
}
