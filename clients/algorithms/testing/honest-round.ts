import type { RewardLeaf } from "@plenary/protocol";
import { type PublicRound, replayRound } from "../replay.ts";
import { totalEarned } from "../rewards.ts";
import type { CompletedRound, RoundContext } from "../round.ts";
import { rewardsRoot, updatesRoot } from "../round-roots.ts";
import {
  type CommittedRound,
  type PublishedUpdate,
  publishedUpdates,
} from "../verification/index.ts";
import {
  configurationFixture,
  contextFixture,
  distanceUtility,
  hashOf,
  publicRound,
  updateFixture,
  vectorFixture,
} from "./round-fixture.ts";

const PARAMETERS = 150;
export const MAX_WEIGHT = 100_000;

export interface Honest {
  readonly context: RoundContext;
  readonly round: PublicRound;
  readonly result: CompletedRound;
  readonly updates: readonly PublishedUpdate[];
}

/** Five members, one of them refused; some have earned before. */
async function honestRound(): Promise<Honest> {
  const context: RoundContext = {
    ...contextFixture(configurationFixture({ strategy: { name: "fedavgm", momentum: 58_982 } })),
    earned: ["a", "b", "c"]
      .map(
        (name, i): RewardLeaf => ({ member: hashOf(`member ${name}`), cumulative: BigInt(10 + i) }),
      )
      .sort((x, y) => Buffer.compare(x.member, y.member)),
  };
  const plan = (member: string, i: number) => ({
    member,
    delta: vectorFixture(`delta ${member}`, PARAMETERS, 2 ** 22),
    weight: 10 + 37 * i,
    ...(member === "c" && { payload: new Uint8Array(3) }),
  });
  const round = publicRound(
    context,
    ["a", "b", "c", "d", "e"].map((member, i) => updateFixture(context, plan(member, i))),
  );
  const result = await replayRound(
    round,
    distanceUtility(vectorFixture("target", PARAMETERS, 2 ** 25)),
  );
  return { context, round, result, updates: publishedUpdates(result.manifest) };
}

export const HONEST = await honestRound();

function committedOf({ roots, ...result }: CompletedRound): CommittedRound {
  return {
    baseRoot: roots.base,
    baseStateRoot: roots.stateBefore,
    nextRoot: roots.next,
    nextStateRoot: roots.stateAfter,
    updatesRoot: roots.updates,
    updateCount: result.leaves.length,
    totalWeight: result.totalWeight,
    rewardsRoot: roots.rewards,
    rewardCount: result.rewards.length,
    cumulativeRewards: result.cumulativeRewards,
    manifestHash: result.manifestHash,
  };
}

export const COMMITTED = committedOf(HONEST.result);
export const LEAVES = HONEST.updates.map(({ leaf }) => leaf);
export const PAY = {
  earned: HONEST.context.earned,
  published: HONEST.result.rewards,
  computed: HONEST.result.rewards,
};

/** The leaves, with the round that round_commit would record for them. */
export function committedLeaves(leaves: readonly (typeof LEAVES)[number][]): CommittedRound {
  const totalWeight = leaves.reduce((sum, { weight }) => sum + weight, 0);
  return {
    ...COMMITTED,
    updatesRoot: updatesRoot(leaves),
    updateCount: leaves.length,
    totalWeight,
  };
}

export function committedRewards(rewards: readonly RewardLeaf[]): CommittedRound {
  return {
    ...COMMITTED,
    rewardsRoot: rewardsRoot(rewards),
    rewardCount: rewards.length,
    cumulativeRewards: totalEarned(rewards),
  };
}
