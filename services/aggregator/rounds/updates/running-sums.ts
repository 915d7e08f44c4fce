import {
  createAggregator,
  REGISTRIES,
  type Registries,
  type RunningAggregate,
} from "@plenary/algorithms";
import { type FederationConfiguration, TOTAL_WEIGHT_LIMIT, toHex } from "@plenary/protocol";
import type { RoundKey } from "../../store/rounds.ts";
import type { UpdateRow } from "../../store/updates.ts";

const KEPT = 16;

interface RunningSum {
  readonly running: RunningAggregate;
  /** Weight of each update that is in the sum, by id. */
  readonly folded: Map<bigint, number>;
  sealed: boolean;
}

/**
 * This process's running sums, one a round, for aggregators that are incremental. They are a cache:
 * the database says what counts, another process may have folded some updates, and a process that
 * dies loses its sums. `complete` therefore settles the difference, exactly.
 */
export class RunningSums {
  readonly #sums = new Map<string, RunningSum>();
  readonly #registries: Registries;

  constructor(registries: Registries = REGISTRIES) {
    this.#registries = registries;
  }

  /** Adds a counted update, once, while the round is open. */
  fold(
    key: RoundKey,
    configuration: FederationConfiguration,
    id: bigint,
    delta: Int32Array,
    weight: number,
  ): void {
    const sum = this.#sumOf(key, configuration);
    if (sum === undefined || sum.sealed || sum.folded.has(id)) return;
    // Superseded updates are taken out only at the end. Until then they must not push the sum over
    // its limit.
    if (sum.running.totalWeight + weight >= TOTAL_WEIGHT_LIMIT) return;
    sum.running.fold(delta, weight);
    sum.folded.set(id, weight);
  }

  /**
   * The sum of exactly these updates, to which nothing is added afterwards; undefined if the
   * aggregator needs all updates at once. `deltaOf` decodes an update that was not folded here, or
   * that was folded and superseded since.
   */
  async complete(
    key: RoundKey,
    configuration: FederationConfiguration,
    counted: readonly UpdateRow[],
    deltaOf: (id: bigint) => Promise<Int32Array>,
  ): Promise<RunningAggregate | undefined> {
    const sum = this.#sumOf(key, configuration);
    if (sum === undefined) return undefined;
    sum.sealed = true;
    const wanted = new Set(counted.map(({ id }) => id));
    for (const [id, weight] of [...sum.folded]) {
      if (wanted.has(id)) continue;
      sum.running.remove(await deltaOf(id), weight);
      sum.folded.delete(id);
    }
    for (const { id, weight } of counted) {
      if (sum.folded.has(id)) continue;
      sum.running.fold(await deltaOf(id), weight);
      sum.folded.set(id, weight);
    }
    return sum.running;
  }

  forget(key: RoundKey): void {
    this.#sums.delete(nameOf(key));
  }

  #sumOf(key: RoundKey, configuration: FederationConfiguration): RunningSum | undefined {
    const name = nameOf(key);
    const known = this.#sums.get(name);
    if (known !== undefined) return known;
    const { aggregators } = this.#registries;
    const { incremental } = createAggregator(configuration.aggregator, aggregators);
    if (incremental === undefined) return undefined;
    const running = incremental.start(configuration.parameterCount);
    const sum: RunningSum = { running, folded: new Map(), sealed: false };
    this.#sums.set(name, sum);
    const [oldest] = this.#sums.keys();
    if (this.#sums.size > KEPT && oldest !== undefined) this.#sums.delete(oldest);
    return sum;
  }
}

function nameOf({ federation, number }: RoundKey): string {
  return `${toHex(federation)}/${number}`;
}
