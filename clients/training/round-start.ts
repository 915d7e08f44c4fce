import type { Predictor, RoundGrowth } from "./predictors/predictor.ts";
import type { GroupShares } from "./tasks.ts";

/** How a member's training of a round starts and ends. */
export interface RoundStart extends Pick<RoundGrowth, "start" | "blocks"> {
  /** The parameters to upload after training to `after`. */
  finish(after: Float32Array): Float32Array;
}

/**
 * Training starts from the model as it is and uploads what it reaches, except rows of added
 * questions.
 */
export function roundStart(
  predictor: Predictor,
  base: Float32Array,
  groups: readonly GroupShares[],
): RoundStart {
  const growth = predictor.grow?.(base);
  if (growth === undefined)
    return { start: base, blocks: predictor.blocks, finish: (after) => after };
  const answered = new Set(
    groups.flatMap(({ answers }) => answers.map(({ question }) => question)),
  );
  const { start, blocks } = growth;
  return { start, blocks, finish: (after) => growth.finish(after, answered) };
}
