import { createPlugin, type Registry } from "../plugin.ts";
import type { Contribution } from "./contribution.ts";
import { dataSize } from "./data-size.ts";
import { leaveOneOut } from "./leave-one-out.ts";

export type { Contribution, Evaluate, ScoredRound } from "./contribution.ts";

/** The contribution rules that come with Plenary, by the name in a configuration. */
export const contributions = {
  "leave-one-out": leaveOneOut,
  "data-size": dataSize,
} as const satisfies Registry<Contribution>;

/** The contribution measure that a configuration names. Throws `invalid-input`. */
export function createContribution(
  configuration: { readonly name: string },
  registry: Registry<Contribution> = contributions,
): Contribution {
  return createPlugin("contribution measure", registry, configuration);
}
