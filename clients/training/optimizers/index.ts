import { adamw } from "./adamw.ts";
import type { Optimizer } from "./optimizer.ts";
import { sgd } from "./sgd.ts";

/** Optimisers by the name that a federation's training settings give. */
export const optimizers = { adamw, sgd } as const satisfies Record<string, Optimizer>;
