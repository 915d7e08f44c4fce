import { PlenaryError, TOTAL_WEIGHT_LIMIT } from "@plenary/protocol";
import Type from "typebox";
import { type WeightedDelta, WeightedSum } from "../kernels/index.ts";
import { definePlugin } from "../plugin.ts";
import type { Aggregator, RunningAggregate } from "./aggregator.ts";

/**
 * The weighted mean of McMahan et al. (AISTATS 2017), algorithm 1, rounded half up:
 * floor((2 sum + W) / (2 W)) with sum = sum_i w_i delta_i in int64 and W = sum_i w_i. Integers can
 * be added and taken away in any order, so the sum does not depend on the order of updates.
 */
class RunningMean implements RunningAggregate {
  readonly #parameterCount: number;
  readonly #sum: WeightedSum;
  #totalWeight = 0;
  #count = 0;

  constructor(parameterCount: number) {
    this.#parameterCount = parameterCount;
    this.#sum = new WeightedSum(parameterCount);
  }

  get totalWeight(): number {
    return this.#totalWeight;
  }

  get count(): number {
    return this.#count;
  }

  fold(delta: Int32Array, weight: number): void {
    this.foldAll([{ delta, weight }]);
  }

  /**
   * Adds updates together, which is faster than one by one: all of them, or none if one is refused.
   */
  foldAll(updates: readonly WeightedDelta[]): void {
    let total = this.#totalWeight;
    for (const { delta, weight } of updates) {
      total += weight;
      this.#checkLength(delta.length);
      checkWeight(weight, total);
    }
    this.#sum.add(updates);
    this.#totalWeight = total;
    this.#count += updates.length;
  }

  remove(delta: Int32Array, weight: number): void {
    this.#checkLength(delta.length);
    checkWeight(weight, this.#totalWeight);
    const isLast = this.#count === 1;
    if (this.#count < 1 || weight > this.#totalWeight || isLast !== (weight === this.#totalWeight))
      throw inconsistent(
        `The sum of weight ${this.#totalWeight} does not hold this update of weight ${weight}.`,
        { weight, total: this.#totalWeight },
      );
    this.#sum.add([{ delta, weight: -weight }]);
    this.#totalWeight -= weight;
    this.#count--;
  }

  finish(): Int32Array {
    if (this.#totalWeight === 0)
      throw inconsistent("No update was counted, so there is no mean: void the round.", {});
    return this.#sum.mean(this.#totalWeight);
  }

  #checkLength(length: number): void {
    if (length === this.#parameterCount) return;
    throw new PlenaryError(
      "invalid-input",
      `An update of ${length} entries does not fit a model of ${this.#parameterCount}.`,
      { expected: this.#parameterCount, actual: length },
    );
  }
}

function checkWeight(weight: number, total: number): void {
  if (Number.isInteger(weight) && weight >= 1 && total < TOTAL_WEIGHT_LIMIT) return;
  throw new PlenaryError(
    "weight-out-of-range",
    `Weights are positive integers that stay below 2^26 in all, so that sums are exact; this one is ${weight}, which makes ${total}.`,
    { weight, total },
  );
}

function inconsistent(message: string, context: Record<string, number>): PlenaryError {
  return new PlenaryError("round-inconsistent", message, context);
}

/**
 * The mean of the updates, weighted by how many cells each was trained on. Rule code 0, without
 * state or parameters; provable on chain.
 */
export const mean = definePlugin(
  "mean",
  Type.Object({ name: Type.Literal("mean") }, { additionalProperties: false }),
  (): Aggregator => ({
    name: "mean",
    rule: { code: 0, parameters: [], stateVectors: 0 },
    aggregate: (updates) => {
      const running = new RunningMean(updates[0]?.delta.length ?? 0);
      running.foldAll(updates);
      return running.finish();
    },
    incremental: { start: (parameterCount) => new RunningMean(parameterCount) },
  }),
);
