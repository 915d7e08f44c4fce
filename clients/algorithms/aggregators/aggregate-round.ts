import { PlenaryError } from "@plenary/protocol";
import type { Aggregator, RunningAggregate, WeightedDelta } from "./aggregator.ts";

/** An update that counts in a round, decoded when it is asked for. */
export interface CountedUpdate {
  readonly weight: number;
  delta(): Promise<Int32Array>;
}

/** The aggregate of a round's counted updates, and of all but one of them. */
export interface RoundAggregate {
  readonly all: Int32Array;
  /** The aggregate without the update at `index`; zeros without the only one. */
  without(index: number): Promise<Int32Array>;
}

/**
 * Aggregates a round's counted updates. An incremental rule decodes one at a time, and only those
 * that `running`, where given, does not hold already: all or none. Another rule holds all of them.
 * Throws `round-inconsistent` if `running` does not hold exactly the counted updates.
 */
export async function aggregateRound(
  aggregator: Aggregator,
  counted: readonly CountedUpdate[],
  running?: RunningAggregate,
): Promise<RoundAggregate> {
  if (running !== undefined) return ofRunning(counted, running);
  if (aggregator.incremental === undefined) return ofAll(aggregator, await decodeAll(counted));
  let sum: RunningAggregate | undefined;
  for (const { weight, delta } of counted) {
    const update = await delta();
    sum ??= aggregator.incremental.start(update.length);
    sum.fold(update, weight);
  }
  if (sum !== undefined) return ofRunning(counted, sum);
  throw new PlenaryError("round-inconsistent", "No update was counted: void the round.", {});
}

function ofRunning(counted: readonly CountedUpdate[], running: RunningAggregate): RoundAggregate {
  checkHolds(running, counted);
  const all = running.finish();
  return {
    all,
    without: async (index) => {
      if (counted.length === 1) return new Int32Array(all.length);
      const { weight, delta } = counted[index]!;
      const update = await delta();
      running.remove(update, weight);
      const rest = running.finish();
      running.fold(update, weight);
      return rest;
    },
  };
}

function ofAll(aggregator: Aggregator, updates: readonly WeightedDelta[]): RoundAggregate {
  const all = aggregator.aggregate(updates);
  return {
    all,
    without: async (index) =>
      updates.length === 1
        ? new Int32Array(all.length)
        : aggregator.aggregate(updates.toSpliced(index, 1)),
  };
}

async function decodeAll(counted: readonly CountedUpdate[]): Promise<WeightedDelta[]> {
  const updates: WeightedDelta[] = [];
  for (const { weight, delta } of counted) updates.push({ weight, delta: await delta() });
  return updates;
}

function checkHolds(running: RunningAggregate, counted: readonly CountedUpdate[]): void {
  const weight = counted.reduce((sum, update) => sum + update.weight, 0);
  if (running.count === counted.length && running.totalWeight === weight) return;
  throw new PlenaryError(
    "round-inconsistent",
    `The sum holds ${running.count} updates of weight ${running.totalWeight}, the leaves ${counted.length} of ${weight}. Fold the updates again.`,
    {
      folded: running.count,
      counted: counted.length,
      foldedWeight: running.totalWeight,
      weight,
    },
  );
}
