import { isDeepStrictEqual } from "node:util";
import {
  decodeDispute,
  decodeFederation,
  decodeMember,
  decodeRound,
  type Federation as FederationAccount,
  type Rules,
} from "@plenary/chain";
import { EMPTY_ROOT, equalBytes, toHex } from "@plenary/protocol";
import { PublicKey } from "@solana/web3.js";
import { disputeAt } from "./instructions-dispute.ts";
import { updateKey } from "./instructions-member.ts";
import { NO_KEY } from "./operations.ts";
import { RULES, type RuleName } from "./rules.ts";
import {
  ACTORS,
  type Actor,
  type Dispute,
  type DisputeId,
  type Federation,
  type Holder,
  type Member,
  OWNERS,
  type Owner,
  type Round,
  type ServerState,
  type State,
  type Vector,
} from "./state.ts";
import { vectorOf } from "./vectors.ts";
import type { World } from "./world.ts";

/** Fields of the model that are not in the account are left out. */
type ObservedDispute = Omit<Dispute, "lies" | "pending" | "probes" | "demandSeconds"> & {
  chunkPending: boolean;
};

/** Reads a world's accounts back into the model's terms, for comparison. */
export class Observer {
  readonly #world: World;
  readonly #holders: ReadonlyMap<string, Holder>;
  readonly #actors: ReadonlyMap<string, Actor>;

  constructor(world: World) {
    this.#world = world;
    const holders: readonly Holder[] = [...ACTORS, "vault", "escrow"];
    this.#holders = new Map(holders.map((name) => [world.holder(name).toBase58(), name]));
    this.#actors = new Map(ACTORS.map((actor) => [world.key(actor).toBase58(), actor]));
  }

  tokens(): State["tokens"] {
    const { chain } = this.#world;
    const amounts = [...this.#holders].map(([at, name]) => [name, chain.tokens(new PublicKey(at))]);
    return Object.fromEntries(amounts);
  }

  federation(): Federation {
    const { federation } = this.#world;
    const account = decodeFederation(federation, this.#data(federation) ?? new Uint8Array());
    return {
      aggregator: this.#actor(account.aggregator),
      approved: account.admission === "approved",
      authority: this.#actor(account.authority),
      proposed: account.proposedAuthority.equals(PublicKey.default)
        ? null
        : this.#actor(account.proposedAuthority),
      rules: rulesOf(account.rules),
      lastModel: modelOf(account.lastModelRoot),
      lastState: stateOf(account.lastStateRoot),
      ...plainTerms(account),
      ...plainCounts(account),
    };
  }

  member(owner: Owner): Member | undefined {
    const at = this.#world.member(owner);
    const data = this.#data(at);
    if (data === null) return undefined;
    const account = decodeMember(at, data);
    return {
      updateKey: keyNumber(account.updateKey) ?? NO_KEY,
      previousKey: keyNumber(account.previousKey),
      keySince: account.keySinceRound,
      payout: this.#holder(account.payout),
      stake: account.stake,
      joinedRound: account.joinedRound,
      exitRequestedAt: account.exitRequestedAt,
      exitRound: account.exitRound,
      claimed: account.claimedTotal,
      equivocations: account.equivocations,
    };
  }

  /** A round as its account has it, without the leaves of its rewards tree. */
  round(number: bigint): Omit<Round, "leaves" | "closed"> | undefined {
    const at = this.#world.round(number);
    const data = this.#data(at);
    if (data === null) return undefined;
    const account = decodeRound(at, data);
    return {
      number: account.number,
      status: account.status,
      aggregator: this.#actor(account.aggregator),
      rules: rulesOf(account.rules),
      maxUpdates: account.maxUpdates,
      maxWeight: account.maxWeight,
      budget: account.rewardBudget,
      challengeWindow: BigInt(account.challengeWindow),
      baseRound: account.baseRound,
      baseModel: modelOf(account.baseRoot),
      baseState: stateOf(account.baseStateRoot),
      baseCumulative: account.baseCumulativeRewards,
      deadline: account.deadline,
      commitBy: account.commitBy,
      committedAt: account.committedAt,
      challengeEndsAt: account.challengeEndsAt,
      nextModel: account.committedAt === 0n ? null : modelOf(account.nextRoot),
      nextState: account.committedAt === 0n ? null : stateOf(account.nextStateRoot),
      audited: account.auditSlot !== 0n,
      updateCount: account.updateCount,
      totalWeight: account.totalWeight,
      cumulative: account.cumulativeRewards,
      openDisputes: account.openDisputes,
    };
  }

  dispute(state: State, id: DisputeId): ObservedDispute | undefined {
    const at = disputeAt(this.#world, state, id);
    const data = this.#data(at);
    if (data === null) return undefined;
    const account = decodeDispute(at, data);
    return {
      round: id.round,
      challenger: this.#actor(account.challenger),
      kind: account.kind,
      index: id.index,
      deposit: account.deposit,
      expiresAt: account.expiresAt,
      demandDeadline: account.demandDeadline,
      leafCount: account.leafCount,
      nextLeaf: account.nextLeaf,
      chunkPending: account.chunkPending,
      received: account.received,
      stateVectors: account.stateVectors,
      chunk: account.kind === "chunk" ? account.index : 0,
      probed: account.probed,
      target: OWNERS.find((owner) => this.#world.member(owner).equals(account.target)) ?? null,
      targetValue: account.targetValue,
      low: account.low,
      high: account.high,
      decided: account.decided,
      fault: account.fault,
    };
  }

  #data(at: PublicKey): Uint8Array | null {
    return this.#world.chain.data(at);
  }

  #actor(key: PublicKey): Actor {
    return this.#actors.get(key.toBase58()) ?? unknown(key);
  }

  #holder(at: PublicKey): Holder {
    return this.#holders.get(at.toBase58()) ?? unknown(at);
  }
}

function unknown(key: PublicKey): never {
  throw new Error(`An account names ${key.toBase58()}, which nobody in the model is.`);
}

function modelOf(root: Uint8Array): Vector {
  const vector = vectorOf(root);
  if (vector === undefined)
    throw new Error(`An account names the model ${toHex(root)}, which nobody made.`);
  return vector;
}

function stateOf(root: Uint8Array): ServerState {
  return equalBytes(root, EMPTY_ROOT) ? null : modelOf(root);
}

function rulesOf(rules: Rules): RuleName {
  const name = RULE_NAMES.find((each) => isDeepStrictEqual(RULES[each], rules));
  if (name === undefined) throw new Error("An account has rules that the model did not give it.");
  return name;
}

const RULE_NAMES = Object.keys(RULES) as RuleName[];

const KEY_NUMBERS = new Map(
  Array.from({ length: 10 }, (_, number) => [updateKey(number).toBase58(), number]),
);

/** Null for the default address. */
function keyNumber(key: PublicKey): number | null {
  return KEY_NUMBERS.get(key.toBase58()) || null;
}

function plainTerms(account: FederationAccount) {
  return {
    maxUpdates: account.maxUpdates,
    maxWeight: account.maxWeight,
    rewardPerRound: account.rewardPerRound,
    minimumStake: account.minimumStake,
    minimumBond: account.minimumBond,
    challengeWindow: BigInt(account.challengeWindow),
    collectLimit: BigInt(account.collectLimit),
    grace: BigInt(account.grace),
    exitCooldown: BigInt(account.exitCooldown),
  };
}

function plainCounts(account: FederationAccount) {
  return {
    paused: account.paused,
    bond: account.bond,
    stakes: account.stakes,
    deposits: account.deposits,
    nextRound: account.nextRound,
    openRound: account.openRound,
    finalRound: account.finalRound,
    lastCommittedRound: account.lastCommittedRound,
    promised: account.promised,
    totalEarned: account.totalEarned,
    totalClaimed: account.totalClaimed,
    members: account.members,
    pending: [...account.pending],
  };
}
