import { type CompletedRound, type Finding, REPLAY_ONLY } from "@plenary/algorithms";
import type { Round } from "@plenary/chain";
import { toHex } from "@plenary/protocol";

/** One value of a round, on chain and as it was computed here. */
export interface Comparison {
  readonly field: string;
  readonly chain: string;
  readonly computed: string;
  readonly equal: boolean;
}

/** Every value that a round commits to. */
export function compare(round: Round, replayed: CompletedRound): Comparison[] {
  const value = (
    field: string,
    chain: string | number | bigint,
    computed: string | number | bigint,
  ) => {
    const [a, b] = [String(chain), String(computed)];
    return { field, chain: a, computed: b, equal: a === b };
  };
  const hash = (field: string, chain: Uint8Array, computed: Uint8Array) =>
    value(field, toHex(chain), toHex(computed));
  const { roots } = replayed;
  return [
    hash("base model root", round.baseRoot, roots.base),
    hash("base state root", round.baseStateRoot, roots.stateBefore),
    hash("updates root", round.updatesRoot, roots.updates),
    value("update count", round.updateCount, replayed.leaves.length),
    value("total weight", round.totalWeight, replayed.totalWeight),
    hash("next model root", round.nextRoot, roots.next),
    hash("next state root", round.nextStateRoot, roots.stateAfter),
    hash("rewards root", round.rewardsRoot, roots.rewards),
    value("reward count", round.rewardCount, replayed.rewards.length),
    value("cumulative rewards", round.cumulativeRewards, replayed.cumulativeRewards),
    hash("manifest hash", round.manifestHash, replayed.manifestHash),
  ];
}

/** The finding for a difference that nothing else explains. */
export function unexplained({ field, chain, computed }: Comparison): Finding {
  return {
    kind: "not-provable",
    why: REPLAY_ONLY,
    text: `the ${field} on chain is ${chain}, the public bytes give ${computed}`,
  };
}
