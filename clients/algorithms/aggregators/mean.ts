import { equalBytes, PlenaryError, TOTAL_WEIGHT_LIMIT } from "@plenary/protocol";
import Type from "typebox";
import { type WeightedDelta, WeightedSum } from "../kernels/index.ts";
import { definePlugin } from "../plugin.ts";
import type { Accumulator, Aggregator } from "./aggregator.ts";

/*
 * The weighted mean of McMahan et al. (AISTATS 2017), algorithm 1, rounded half up: floor((2 sum + W) / (2 W)) with
 * sum = sum_i w_i delta_i in int64 and W = sum_i w_i.
 *
 * Snapshot, little-endian: "plenary/mean/1" (14 ASCII bytes) | 2 zero bytes | parameterCount u32 | totalWeight u32 | count u32 |
 * 4 zero bytes | parameterCount x sum i64.
 */
const MAGIC = new TextEncoder().encode("plenary/mean/1");
const HEADER = 32;

class MeanAccumulator implements Accumulator {
  readonly parameterCount: number;
  readonly #sum: WeightedSum;
  #totalWeight = 0;
  #count = 0;

  constructor(
    parameterCount: number,
    start?: { totalWeight: number; count: number; sums: Uint8Array },
  ) {
    this.parameterCount = parameterCount;
    this.#sum = new WeightedSum(parameterCount);
    if (start === undefined) return;
    this.#totalWeight = start.totalWeight;
    this.#count = start.count;
    this.#sum.bytes().set(start.sums);
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

  foldAll(updates: readonly WeightedDelta[]): void {
    let total = this.#totalWeight;
    for (const { delta, weight } of updates) {
      total += weight;
      this.#checkLength(delta.length);
      this.#checkWeight(weight, total);
    }
    this.#sum.add(updates);
    this.#totalWeight = total;
    this.#count += updates.length;
  }

  remove(delta: Int32Array, weight: number): void {
    this.#checkLength(delta.length);
    this.#checkWeight(weight, this.#totalWeight);
    const isLast = this.#count === 1;
    if (this.#count < 1 || weight > this.#totalWeight || isLast !== (weight === this.#totalWeight))
      throw inconsistent("This update is not part of the sum: its weight is not.", {
        weight,
        total: this.#totalWeight,
      });
    this.#sum.add([{ delta, weight: -weight }]);
    this.#totalWeight -= weight;
    this.#count--;
  }

  join(other: Accumulator): void {
    if (!(other instanceof MeanAccumulator))
      throw inconsistent("Only sums of the same aggregator can be joined.", {});
    this.#checkLength(other.parameterCount);
    if (other.#count === 0) return;
    this.#checkWeight(other.#totalWeight, this.#totalWeight + other.#totalWeight);
    this.#sum.join(other.#sum);
    this.#totalWeight += other.#totalWeight;
    this.#count += other.#count;
  }

  finish(): Int32Array {
    if (this.#totalWeight === 0)
      throw inconsistent("No update was counted, so there is no mean: void the round.", {});
    return this.#sum.mean(this.#totalWeight);
  }

  snapshot(): Uint8Array {
    const out = new Uint8Array(HEADER + this.parameterCount * 8);
    out.set(MAGIC);
    const view = new DataView(out.buffer);
    view.setUint32(16, this.parameterCount, true);
    view.setUint32(20, this.#totalWeight, true);
    view.setUint32(24, this.#count, true);
    out.set(this.#sum.bytes(), HEADER);
    return out;
  }

  #checkLength(length: number): void {
    if (length !== this.parameterCount)
      throw new PlenaryError(
        "invalid-input",
        `An update of ${length} entries does not fit a model of ${this.parameterCount}.`,
        { expected: this.parameterCount, actual: length },
      );
  }

  #checkWeight(weight: number, total: number): void {
    if (!Number.isInteger(weight) || weight < 1 || total >= TOTAL_WEIGHT_LIMIT)
      throw new PlenaryError(
        "weight-out-of-range",
        `Weights are positive integers that stay below 2^26 in all, so that sums are exact; this one is ${weight}, which makes ${total}.`,
        { weight, total },
      );
  }
}

function restore(snapshot: Uint8Array): MeanAccumulator {
  if (snapshot.length < HEADER || !equalBytes(snapshot.subarray(0, MAGIC.length), MAGIC))
    throw malformed("does not begin with plenary/mean/1");
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength);
  const parameterCount = view.getUint32(16, true);
  const totalWeight = view.getUint32(20, true);
  const count = view.getUint32(24, true);
  if (snapshot.length !== HEADER + parameterCount * 8)
    throw malformed(`has ${snapshot.length} bytes in place of ${HEADER + parameterCount * 8}`);
  if (
    totalWeight >= TOTAL_WEIGHT_LIMIT ||
    count > totalWeight ||
    (count === 0) !== (totalWeight === 0)
  )
    throw malformed(`states ${count} updates of weight ${totalWeight} in all`);
  return new MeanAccumulator(parameterCount, {
    totalWeight,
    count,
    sums: snapshot.subarray(HEADER),
  });
}

function malformed(problem: string): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    `This is no snapshot of a mean: it ${problem}. Fold the updates again.`,
    {},
  );
}

function inconsistent(message: string, context: Record<string, number>): PlenaryError {
  return new PlenaryError("round-inconsistent", message, context);
}

export const mean = definePlugin(
  "mean",
  Type.Object({ name: Type.Literal("mean") }, { additionalProperties: false }),
  (): Aggregator => ({
    name: "mean",
    create: (parameterCount) => new MeanAccumulator(parameterCount),
    restore,
  }),
);
