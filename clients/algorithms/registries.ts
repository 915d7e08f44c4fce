import { type Aggregator, aggregators } from "./aggregators/index.ts";
import { type Codec, codecs } from "./codecs/index.ts";
import { type Contribution, contributions } from "./contribution/index.ts";
import { type UpdateStep, updateSteps } from "./pipeline/index.ts";
import type { Registry } from "./plugin.ts";
import { type Strategy, strategies } from "./strategies/index.ts";

/**
 * The plug-ins that a process knows, by kind and name. A process with plug-ins of its own hands
 * them to whatever it opens: `{ ...REGISTRIES, codecs: { ...codecs, mine } }`.
 */
export interface Registries {
  readonly strategies: Registry<Strategy>;
  readonly aggregators: Registry<Aggregator>;
  readonly codecs: Registry<Codec>;
  readonly contributions: Registry<Contribution>;
  readonly updateSteps: Registry<UpdateStep>;
}

/** The plug-ins that Plenary comes with. */
export const REGISTRIES: Registries = {
  strategies,
  aggregators,
  codecs,
  contributions,
  updateSteps,
};
