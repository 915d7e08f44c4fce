import { keepsState, MOMENTUM } from "./rules.ts";
import { OWNERS, type Round, type ServerState, type Vector } from "./state.ts";

/*
 * The updates of a round, and what follows from them (docs/protocol.md, "Models are integers"). The
 * updates are chosen so that some means fall on halves, on both sides of zero, and that no two
 * rounds move a model by the same amount.
 */

/**
 * The weight of the leaf with an index: it grows with the index, up to the round's limit. Leaves
 * that belong to no owner are refused.
 */
export function weightOf({ maxWeight }: Pick<Round, "maxWeight">, index: number): number {
  return index < OWNERS.length ? Math.min(index + 1, maxWeight) : 0;
}

const FIRST = [3, -6, 8, 5] as const;
const SECOND = [-5, 1, 0, 2] as const;

export function deltaOf(round: bigint, index: number): Vector {
  const place = index % FIRST.length;
  return [FIRST[place]! + Number(round), SECOND[place]! - Number(round)];
}

/** The total weight of a round's first leaves. */
export function weightOfAll(round: Pick<Round, "maxWeight">, updateCount: number): number {
  return indices(updateCount).reduce((sum, index) => sum + weightOf(round, index), 0);
}

/** The model and the server's state that follow from a round's base and updates. */
export function outcomeOf(
  round: Pick<Round, "number" | "rules" | "maxWeight" | "baseModel" | "baseState">,
  updateCount: number,
): { readonly next: Vector; readonly state: ServerState } {
  const { rules, baseModel, baseState } = round;
  const step = ([0, 1] as const).map(
    (chunk) => decayed(baseState?.[chunk] ?? 0) + mean(round, updateCount, chunk),
  );
  const [first, second] = [step[0]!, step[1]!];
  return {
    next: [baseModel[0] + first, baseModel[1] + second],
    state: keepsState(rules) ? [first, second] : null,
  };
}

/** A state's integer times the momentum, rounded half up. */
function decayed(value: number): number {
  return Math.floor((MOMENTUM * value + 2 ** 15) / 2 ** 16);
}

/** The weighted mean of the updates' integers, rounded half up. */
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
