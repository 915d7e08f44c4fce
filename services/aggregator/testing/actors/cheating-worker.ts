import "../../processes/thread-pool.ts";
import {
  type Accumulator,
  completeRound,
  type RoundResult,
  rewardsRoot,
} from "@plenary/algorithms";
import {
  equalBytes,
  hashJson,
  PlenaryError,
  type RewardLeaf,
  toBase58,
  toHex,
} from "@plenary/protocol";
import { runProcess } from "../../processes/run-process.ts";
import { startWorker } from "../../processes/start-worker.ts";

/*
 * A worker that cheats, for tests of those who must find out: `node cheating-worker.ts ROUND:CHEAT...`. What it commits of such a round
 * agrees with itself and keeps to the chain's limits, but does not follow from the updates:
 *
 *   integer:PARAMETER  takes one from this integer of the mean before the round is computed; a model without it stays right
 *   shortfall          gives the second member one less than it had earned before, and the first one the difference
 *   dropped            gives the first member all that the second one has earned, and forgets that one
 *   total              gives the first member one more than the round says that it pays in all
 */

type Complete = typeof completeRound;
type Pay = readonly RewardLeaf[];

const PAY_CHEATS: Readonly<Record<string, (honest: Pay, earned: Pay) => Pay>> = {
  shortfall: (honest, earned) => {
    const [first, second, ...others] = atLeastTwo(honest);
    const before = earned.find(({ member }) => equalBytes(member, second.member));
    const taken = second.cumulative - (before?.cumulative ?? 0n) + 1n;
    return [plus(first, taken), plus(second, -taken), ...others];
  },
  dropped: (honest) => {
    const [first, second, ...others] = atLeastTwo(honest);
    return [plus(first, second.cumulative), ...others];
  },
  total: (honest) => {
    const [first, ...others] = atLeastTwo(honest);
    return [plus(first, 1n), ...others];
  },
};

function atLeastTwo([first, second, ...others]: Pay): [RewardLeaf, RewardLeaf, ...RewardLeaf[]] {
  if (first !== undefined && second !== undefined) return [first, second, ...others];
  throw new PlenaryError(
    "invalid-input",
    "Cheating with pay needs two members that have earned some.",
  );
}

function plus({ member, cumulative }: RewardLeaf, amount: bigint): RewardLeaf {
  return { member, cumulative: cumulative + amount };
}

/** The round with other leaves in its rewards tree, down to the manifest's hash; what it says that they add up to stays. */
function repaid(result: RoundResult, rewards: Pay): RoundResult {
  const roots = { ...result.roots, rewards: rewardsRoot(rewards) };
  const manifest = {
    ...result.manifest,
    rewards: rewards.map(({ member, cumulative }) => ({
      member: toBase58(member),
      cumulative: cumulative.toString(),
    })),
    rewardsRoot: toHex(roots.rewards),
  };
  return { ...result, roots, rewards, manifest, manifestHash: hashJson(manifest) };
}

/** Next model, scores and manifest then agree with each other and not with the updates. */
function cheatingSum(honest: Accumulator, parameter: number): Accumulator {
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

function cheatNamed(name: string, parameter: string): Complete {
  if (name === "integer")
    return (collected, evaluate) => {
      const { accumulator } = collected;
      if (Number(parameter) >= accumulator.parameterCount)
        return completeRound(collected, evaluate);
      return completeRound(
        { ...collected, accumulator: cheatingSum(accumulator, Number(parameter)) },
        evaluate,
      );
    };
  const pay = PAY_CHEATS[name];
  if (pay === undefined)
    throw new PlenaryError("invalid-input", `There is no cheat named ${name}.`);
  return async (collected, evaluate) => {
    const honest = await completeRound(collected, evaluate);
    return repaid(honest, pay(honest.rewards, collected.context.earned));
  };
}

const cheats = new Map<bigint, Complete>();
for (const argument of process.argv.slice(2)) {
  const [round = "", name = "", parameter = ""] = argument.split(":");
  cheats.set(BigInt(round), cheatNamed(name, parameter));
}
runProcess("cheating-worker", (log) =>
  startWorker(log, (collected, evaluate) =>
    (cheats.get(collected.context.round) ?? completeRound)(collected, evaluate),
  ),
);
