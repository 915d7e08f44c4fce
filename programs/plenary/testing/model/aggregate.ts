import { OWNERS, type Round, type Vector } from "./state.ts";

/*
 * The updates of a round, and what follows from them by federated averaging (docs/protocol.md, "Models are integers"). Updates are
 * such that means fall on halves, on both sides of zero, and that no two rounds move a model alike.
 */

/** What the leaf of some index weighs: the more, the later it is, within the round's limit. Nobody's update is refused. */
export function weightOf({ maxWeight }: Pick<Round, "maxWeight">, index: number): number {
  return index < OWNERS.length ? Math.min(index + 1, maxWeight) : 0;
}

const FIRST = [3, -6, 8, 5] as const;
const SECOND = [-5, 1, 0, 2] as const;

export function deltaOf(round: bigint, index: number): Vector {
  const place = index % FIRST.length;
  return [FIRST[place]! + Number(round), SECOND[place]! - Number(round)];
}

/** What the weights of a round's first leaves add up to. */
export function weightOfAll(round: Pick<Round, "maxWeight">, updateCount: number): number {
  return indices(updateCount).reduce((sum, index) => sum + weightOf(round, index), 0);
}

/** The model that a round's base and updates give. */
export function modelAfter(
  round: Pick<Round, "number" | "maxWeight" | "baseModel">,
  updateCount: number,
): Vector {
  const [first, second] = round.baseModel;
  return [first + mean(round, updateCount, 0), second + mean(round, updateCount, 1)];
}

/** The weighted mean of the updates' integers, rounded, halves up. */
function mean(
  round: Pick<Round, "number" | "maxWeight">,
  updateCount: number,
  chunk: 0 | 1,
): number {
  const weight = weightOfAll(round, updateCount);
  const sum = indices(updateCount).reduce(
    (total, index) => total + weightOf(round, index) * deltaOf(round.number, index)[chunk],
    0,
  );
  return Math.floor((2 * sum + weight) / (2 * weight));
}

function indices(updateCount: number): number[] {
  return Array.from({ length: updateCount }, (_, index) => index);
}
