import { type Accumulator, createAggregator } from "@plenary/algorithms";
import { type FederationConfiguration, TOTAL_WEIGHT_LIMIT, toHex } from "@plenary/protocol";
import type { RoundKey } from "../../store/rounds.ts";
import type { UpdateRow } from "../../store/updates.ts";

const KEPT = 16;

interface RunningSum {
  readonly accumulator: Accumulator;
  /** Weight of each update that is in the sum, by id. */
  readonly folded: Map<bigint, number>;
  sealed: boolean;
}

/**
 * This process's running sums, one a round. They are a cache and no truth: what counts stands in the database, another process may have
 * folded some updates, and a process that dies loses its sums. `complete` therefore settles the difference, exactly, because integers can
 * be added and taken away in any order.
 */
export class RunningSums {
  readonly #sums = new Map<string, RunningSum>();

  /** Adds a counted update, once, while the round is open. */
  fold(
    key: RoundKey,
    configuration: FederationConfiguration,
    id: bigint,
    delta: Int32Array,
    weight: number,
  ): void {
    const sum = this.#sumOf(key, configuration);
    if (sum.sealed || sum.folded.has(id)) return;
    // Superseded updates are taken out at the end only; until then they must not push the sum over its limit.
    if (sum.accumulator.totalWeight + weight >= TOTAL_WEIGHT_LIMIT) return;
    sum.accumulator.fold(delta, weight);
    sum.folded.set(id, weight);
  }

  /**
   * The sum of exactly these updates, which nothing is added to any more. `deltaOf` decodes one anew: for what was not folded here, and
   * for what was folded and superseded since.
   */
  async complete(
    key: RoundKey,
    configuration: FederationConfiguration,
    counted: readonly UpdateRow[],
    deltaOf: (id: bigint) => Promise<Int32Array>,
  ): Promise<Accumulator> {
    const sum = this.#sumOf(key, configuration);
    sum.sealed = true;
    const wanted = new Set(counted.map(({ id }) => id));
    for (const [id, weight] of [...sum.folded]) {
      if (wanted.has(id)) continue;
      sum.accumulator.remove(await deltaOf(id), weight);
      sum.folded.delete(id);
    }
    for (const { id, weight } of counted) {
      if (sum.folded.has(id)) continue;
      sum.accumulator.fold(await deltaOf(id), weight);
      sum.folded.set(id, weight);
    }
    return sum.accumulator;
  }

  forget(key: RoundKey): void {
    this.#sums.delete(nameOf(key));
  }

  #sumOf(key: RoundKey, configuration: FederationConfiguration): RunningSum {
    const name = nameOf(key);
    let sum = this.#sums.get(name);
    if (sum === undefined) {
      const accumulator = createAggregator(configuration.aggregator).create(
        configuration.parameterCount,
      );
      sum = { accumulator, folded: new Map(), sealed: false };
      this.#sums.set(name, sum);
      const [oldest] = this.#sums.keys();
      if (this.#sums.size > KEPT && oldest !== undefined) this.#sums.delete(oldest);
    }
    return sum;
  }
}

function nameOf({ federation, number }: RoundKey): string {
  return `${toHex(federation)}/${number}`;
}
