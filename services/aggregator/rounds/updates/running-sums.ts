import {
  createAggregator,
  REGISTRIES,
  type Registries,
  type RunningAggregate,
} from "@plenary/algorithms";
import { type FederationConfiguration, TOTAL_WEIGHT_LIMIT, toHex } from "@plenary/protocol";
import { LRUCache } from "lru-cache";
import type { RoundKey } from "../../store/rounds.ts";
import type { UpdateRow } from "../../store/updates.ts";

const KEPT = 16;

interface RunningSum {
  readonly running: RunningAggregate;
  /** Weight of each update in the sum, by id. */
  readonly folded: Map<bigint, number>;
  sealed: boolean;
}

/**
 * This process's running sums, one for each round. They are a cache, not the truth: the database
 * says which updates count, another process may have folded some of them, and a process that dies
 * loses its sums. `complete` settles the difference exactly, because integers can be added and
 * subtracted in any order.
 */
export class RunningSums {
  readonly #sums = new LRUCache<string, RunningSum>({ max: KEPT });
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
    // Superseded updates are only taken out at the end; until then they must not push the sum over
    // its limit.
    if (sum.running.totalWeight + weight >= TOTAL_WEIGHT_LIMIT) return;
    sum.running.fold(delta, weight);
    sum.folded.set(id, weight);
  }

  /**
   * The sum of exactly these updates, to which nothing is added from then on. `deltaOf` decodes an
   * update again: one that was not folded here, or one that was folded and has been superseded
   * since.
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
    return sum;
  }
}

function nameOf({ federation, number }: RoundKey): string {
  return `${toHex(federation)}/${number}`;
}
