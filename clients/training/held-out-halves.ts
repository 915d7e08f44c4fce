import { randomStream, type Seed } from "@plenary/protocol";

/** Ids of the held-out groups that choose a round, and of those that report how good it is. */
export interface HeldOutHalves {
  readonly choosing: readonly string[];
  readonly reporting: readonly string[];
}

/**
 * Splits held-out groups in two halves, the same way whenever the seed and the ids are the same, in
 * any order. A score that chose the best of many rounds flatters the chosen one; the other half has
 * not been asked. The choosing half has the odd group. A single group is in both halves, so that
 * its report flatters.
 */
export function heldOutHalves(ids: readonly string[], seed: Seed): HeldOutHalves {
  const order = randomStream(seed, "held-out halves").shuffled(ids.toSorted());
  const half = Math.ceil(order.length / 2);
  const reporting = order.length === 1 ? order : order.slice(half);
  return { choosing: order.slice(0, half).toSorted(), reporting: reporting.toSorted() };
}
