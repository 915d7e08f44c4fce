import { type RunningAggregate, rewardsRoot } from "@plenary/algorithms";
import {
  canonicalJsonBytes,
  equalBytes,
  fromBase58,
  PlenaryError,
  parseManifest,
  type RewardLeaf,
  type RoundManifest,
  sha256,
  toBase58,
  toHex,
} from "@plenary/protocol";
import { openService, type Service } from "../../processes/service.ts";
import type { WorkerSettings } from "../../processes/start-worker.ts";
import type { Context } from "../../rounds/context.ts";
import { openRoundTools } from "../../rounds/round-tools.ts";
import { RunningSums } from "../../rounds/updates/running-sums.ts";
import type { BlobStore } from "../../store/blobs/index.ts";
import type { Store } from "../../store/index.ts";

/*
 * What a cheating worker does to a round, written ROUND:CHEAT. The commitment agrees with itself
 * and keeps to the chain's limits, but it does not follow from the updates:
 *
 *   integer:PARAMETER  subtracts 1 from this integer of the mean before the round is computed; a
 *                      model that does not have the integer stays right
 *   shortfall          leaves the second member 1 less than it had earned before, and gives the
 *                      difference to the first
 *   dropped            gives everything that the second member has earned to the first
 *   omitted            leaves out the last member's update, which it gave a receipt for
 *   total              gives the first member 1 more than the round says that it pays in all
 */

type Pay = readonly RewardLeaf[];
type PayCheat = (honest: Pay, earned: Pay) => Pay;

const PAY_CHEATS: Readonly<Record<string, PayCheat>> = {
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

/** Cheats by round. */
export interface Cheats {
  readonly pay: ReadonlyMap<bigint, PayCheat>;
  /** Integers of the mean that are one too small. */
  readonly integer: ReadonlyMap<bigint, number>;
  /** Rounds without the last member's update. */
  readonly omitted: ReadonlySet<bigint>;
}

/** Throws `invalid-input` for a cheat that does not exist. */
export function parseCheats(texts: readonly string[]): Cheats {
  const pay = new Map<bigint, PayCheat>();
  const integer = new Map<bigint, number>();
  const omitted = new Set<bigint>();
  for (const text of texts) {
    const [round = "", name = "", parameter = ""] = text.split(":");
    const found = PAY_CHEATS[name];
    if (name === "integer") integer.set(BigInt(round), Number(parameter));
    else if (name === "omitted") omitted.add(BigInt(round));
    else if (found !== undefined) pay.set(BigInt(round), found);
    else throw new PlenaryError("invalid-input", `There is no cheat named ${name}.`);
  }
  return { pay, integer, omitted };
}

/** The settings with which a worker cheats. */
export function cheatingWith(cheats: Cheats, open = openService): Partial<WorkerSettings> {
  return {
    open: async (...parameters) => {
      const service = await open(...parameters);
      return { ...service, context: payingWrongly(service.context, cheats) };
    },
    openTools: ({ context, evaluator }: Service) => ({
      ...openRoundTools(context.blobs, evaluator, context.registries),
      sums: new CheatingSums(cheats),
    }),
  };
}

class CheatingSums extends RunningSums {
  readonly #cheats: Cheats;

  constructor(cheats: Cheats) {
    super();
    this.#cheats = cheats;
  }

  override async complete(...parameters: Parameters<RunningSums["complete"]>) {
    const honest = await super.complete(...parameters);
    const parameter = this.#cheats.integer.get(parameters[0].number);
    const has =
      parameter !== undefined && honest !== undefined && parameter < honest.finish().length;
    return has ? cheatingSum(honest, parameter) : honest;
  }
}

/** Next model, scores and manifest then agree with each other and not with the updates. */
function cheatingSum(honest: RunningAggregate, parameter: number): RunningAggregate {
  return {
    get totalWeight() {
      return honest.totalWeight;
    },
    get count() {
      return honest.count;
    },
    fold: (delta, weight) => honest.fold(delta, weight),
    remove: (delta, weight) => honest.remove(delta, weight),
    finish() {
      const mean = honest.finish();
      mean[parameter] = (mean[parameter] ?? 0) - 1;
      return mean;
    },
  };
}

/** A round's rewards after the cheat, and the manifest that states them. */
interface WrongPay {
  readonly rewards: Pay;
  readonly rewardsRoot: Uint8Array;
  readonly manifestHash: Uint8Array;
}

/**
 * Replaces the rewards where a round is recorded: in the manifest, in the round's row and in the
 * rewards' rows. The total that the round states stays.
 */
function payingWrongly(context: Context, cheats: Cheats): Context {
  const wrong = new Map<bigint, WrongPay>();
  const storeOn: Context["storeOn"] = (queries) =>
    omitting(recordingWrongPay(context.storeOn(queries), wrong), cheats);
  const write: BlobStore["write"] = async (bytes) => {
    const manifest = manifestIn(bytes);
    const cheat = manifest && cheats.pay.get(BigInt(manifest.round));
    if (manifest === undefined || cheat === undefined) return context.blobs.write(bytes);
    const rewards = cheat(leavesOf(manifest), await earnedBefore(context, manifest));
    const root = rewardsRoot(rewards);
    const changed = canonicalJsonBytes(restated(manifest, rewards, root));
    const pay = { rewards, rewardsRoot: root, manifestHash: sha256(changed) };
    wrong.set(BigInt(manifest.round), pay);
    return context.blobs.write(changed);
  };
  return {
    ...context,
    storeOn,
    store: storeOn(context.database.queries),
    blobs: { ...context.blobs, write },
  };
}

function recordingWrongPay(store: Store, wrong: ReadonlyMap<bigint, WrongPay>): Store {
  return {
    ...store,
    rounds: {
      ...store.rounds,
      compute: (key, computed) => {
        const pay = wrong.get(key.number);
        if (pay === undefined) return store.rounds.compute(key, computed);
        const { rewards, rewardsRoot, manifestHash } = pay;
        const changes = { rewardsRoot, rewardCount: rewards.length, manifestHash };
        const commitment = { ...computed.commitment, ...changes };
        return store.rounds.compute(key, { ...computed, commitment });
      },
    },
    rewards: {
      ...store.rewards,
      insert: (rows) => {
        const [first] = rows;
        const pay = first && wrong.get(first.round);
        if (first === undefined || pay === undefined) return store.rewards.insert(rows);
        const { federation, round } = first;
        return store.rewards.insert(
          pay.rewards.map(({ member, cumulative }) => ({ federation, round, member, cumulative })),
        );
      },
    },
  };
}

/** A closed round is computed from its standing updates. */
function omitting(store: Store, { omitted }: Cheats): Store {
  const standing: Store["updates"]["standing"] = async (key) => {
    const all = await store.updates.standing(key);
    return omitted.has(key.number) ? all.slice(0, -1) : all;
  };
  return { ...store, updates: { ...store.updates, standing } };
}

/** The manifest that these bytes hold; undefined for any other blob. */
function manifestIn(bytes: Uint8Array): RoundManifest | undefined {
  try {
    return parseManifest(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}

async function earnedBefore({ store }: Context, manifest: RoundManifest): Promise<Pay> {
  const key = { federation: fromBase58(manifest.federation), number: BigInt(manifest.round) };
  const round = await store.rounds.find(key);
  return store.rewards.ofRound({ ...key, number: round?.base.round ?? 0n });
}

function leavesOf({ rewards }: RoundManifest): Pay {
  return rewards.map(({ member, cumulative }) => ({
    member: fromBase58(member),
    cumulative: BigInt(cumulative),
  }));
}

function restated(manifest: RoundManifest, rewards: Pay, root: Uint8Array): RoundManifest {
  return {
    ...manifest,
    rewards: rewards.map(({ member, cumulative }) => ({
      member: toBase58(member),
      cumulative: cumulative.toString(),
    })),
    rewardsRoot: toHex(root),
  };
}

function atLeastTwo([first, second, ...others]: Pay): [RewardLeaf, RewardLeaf, ...RewardLeaf[]] {
  if (first !== undefined && second !== undefined) return [first, second, ...others];
  throw new PlenaryError(
    "invalid-input",
    "Cheating with pay needs two members that have earned something.",
  );
}

function plus({ member, cumulative }: RewardLeaf, amount: bigint): RewardLeaf {
  return { member, cumulative: cumulative + amount };
}
