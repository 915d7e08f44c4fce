import type { ParameterBlock } from "./predictor.ts";
import type { OptionTable } from "./tilt-options.ts";

/** The model with base logits of 0 for these questions, as if nobody had trained them. */
export function forget(
  model: Int32Array,
  questions: readonly number[],
  blocks: readonly ParameterBlock[],
  { offsets }: Pick<OptionTable, "offsets">,
): Int32Array {
  const named = (name: string) => blocks.find((block) => block.name === name);
  const base = named("base")!;
  const first = base.to - base.from;
  const added = named("added.base")?.from ?? 0;
  const forgotten = model.slice();
  for (const question of questions)
    for (let row = offsets[question]!; row < offsets[question + 1]!; row += 1)
      forgotten[row < first ? base.from + row : added + row - first] = 0;
  return forgotten;
}
