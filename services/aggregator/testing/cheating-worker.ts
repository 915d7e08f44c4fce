import "../thread-pool.ts";
import type { Accumulator } from "@plenary/algorithms";
import { runProcess } from "../process.ts";
import { RunningSums } from "../rounds/running-sums.ts";
import { startWorker } from "../start-worker.ts";

/*
 * A worker that cheats, for tests of those who must find out: `node cheating-worker.ts ROUND PARAMETER` takes one from one integer of that
 * round's mean before the round is computed, so that next model, scores and manifest agree with each other and not with the updates.
 */

class CheatingSums extends RunningSums {
  readonly #round: bigint;
  readonly #parameter: number;

  constructor(round: bigint, parameter: number) {
    super();
    this.#round = round;
    this.#parameter = parameter;
  }

  override async complete(...args: Parameters<RunningSums["complete"]>): Promise<Accumulator> {
    const accumulator = await super.complete(...args);
    return args[0].number === this.#round ? cheating(accumulator, this.#parameter) : accumulator;
  }
}

function cheating(honest: Accumulator, parameter: number): Accumulator {
  return {
    parameterCount: honest.parameterCount,
    get totalWeight() {
      return honest.totalWeight;
    },
    get count() {
      return honest.count;
    },
    fold: (delta, weight) => honest.fold(delta, weight),
    foldAll: (updates) => honest.foldAll(updates),
    remove: (delta, weight) => honest.remove(delta, weight),
    join: (other) => honest.join(other),
    snapshot: () => honest.snapshot(),
    finish() {
      const mean = honest.finish();
      mean[parameter] = (mean[parameter] ?? 0) - 1;
      return mean;
    },
  };
}

const [round = "", parameter = ""] = process.argv.slice(2);
const sums = new CheatingSums(BigInt(round), Number(parameter));
runProcess("cheating-worker", (log) => startWorker(log, sums));
