import type { Dispute as DisputeAccount, DisputeKind, Fault } from "@plenary/chain";
import { keepsState, type RuleName } from "./rules.ts";

/*
 * The program's state in plain values: actors instead of addresses, vectors instead of roots.
 * Amounts, round numbers and times are bigint, as in the accounts.
 */

export const OWNERS = ["owner one", "owner two", "owner three"] as const;
export const ACTORS = ["authority", "aggregator", "heir", "stranger", ...OWNERS] as const;

export type Owner = (typeof OWNERS)[number];
export type Actor = (typeof ACTORS)[number];
/** A token account in the reward mint; `foreign` is one in another mint. */
export type Holder = Actor | "vault" | "escrow" | "foreign";

/** A model, state or update of two chunks, each of which repeats one integer. */
export type Vector = readonly [number, number];

export function sameVector([a, b]: Vector, [c, d]: Vector): boolean {
  return a === c && b === d;
}

/** A server's state; null if the rules keep none. */
export type ServerState = Vector | null;

export function sameState(one: ServerState, other: ServerState): boolean {
  return one === null || other === null ? one === other : sameVector(one, other);
}

export interface Terms {
  aggregator: Actor;
  approved: boolean;
  maxUpdates: number;
  maxWeight: number;
  rewardPerRound: bigint;
  minimumStake: bigint;
  minimumBond: bigint;
  challengeWindow: bigint;
  collectLimit: bigint;
  grace: bigint;
  exitCooldown: bigint;
}

export interface Federation extends Terms {
  rules: RuleName;
  authority: Actor;
  proposed: Actor | null;
  paused: boolean;
  bond: bigint;
  stakes: bigint;
  deposits: bigint;
  nextRound: bigint;
  openRound: bigint;
  finalRound: bigint;
  lastCommittedRound: bigint;
  lastModel: Vector;
  lastState: ServerState;
  promised: bigint;
  totalEarned: bigint;
  totalClaimed: bigint;
  members: number;
  pending: bigint[];
}

export interface Member {
  updateKey: number;
  /** Null before the first rotation. */
  previousKey: number | null;
  keySince: bigint;
  payout: Holder;
  stake: bigint;
  joinedRound: bigint;
  exitRequestedAt: bigint;
  exitRound: bigint;
  claimed: bigint;
  equivocations: number;
}

/** A leaf of a rewards tree: what a member has earned since the federation began. */
export interface Leaf {
  owner: Owner;
  cumulative: bigint;
}

export interface Round {
  number: bigint;
  status: "open" | "committed" | "final" | "void";
  aggregator: Actor;
  rules: RuleName;
  maxUpdates: number;
  maxWeight: number;
  budget: bigint;
  challengeWindow: bigint;
  baseRound: bigint;
  baseModel: Vector;
  baseState: ServerState;
  baseCumulative: bigint;
  deadline: bigint;
  commitBy: bigint;
  committedAt: bigint;
  challengeEndsAt: bigint;
  nextModel: Vector | null;
  nextState: ServerState;
  audited: boolean;
  /** Leaves of the updates tree: the owners' in the model's order, then leaves without an owner. */
  updateCount: number;
  totalWeight: number;
  leaves: Leaf[];
  cumulative: bigint;
  openDisputes: number;
  /** The account is closed. Its contents are still needed for later trees. */
  closed: boolean;
}

/**
 * Identifies a dispute. `index` is the chunk that it was opened for, or the leaf's index in the
 * model.
 */
export interface DisputeId {
  round: bigint;
  challenger: Actor;
  kind: DisputeKind;
  index: number;
}

export interface Dispute extends DisputeId {
  deposit: bigint;
  expiresAt: bigint;
  demandSeconds: bigint;
  /** 0 while nothing is demanded. */
  demandDeadline: bigint;
  leafCount: number;
  nextLeaf: number;
  /** Folded leaves that differ from the tree's. */
  lies: number;
  /** The update whose chunk must follow the last folded leaf. */
  pending: Vector | null;
  received: DisputeAccount["received"];
  /** Number of state vectors whose chunks the dispute needs. */
  stateVectors: number;
  /** The disputed chunk, which probes change; the vector being probed; and the number of probes. */
  chunk: number;
  probed: DisputeAccount["probed"];
  probes: number;
  /**
   * The owner that a search is about, the promised sequence or pay, and the bounds for its leaf.
   */
  target: Owner | null;
  targetValue: bigint;
  low: number;
  high: number;
  decided: "upheld" | "rejected" | null;
  fault: Fault;
}

/** One envelope that a member signed, kept until its reporter shows one that contradicts it. */
export interface Equivocation {
  reporter: Actor;
  owner: Owner;
  round: bigint;
}

export interface State {
  now: bigint;
  /** The model's indices of leaves, in the order of the addresses of this federation's members. */
  order: readonly number[];
  tokens: Record<Exclude<Holder, "foreign">, bigint>;
  federation: Federation;
  members: Map<Owner, Member>;
  rounds: Map<bigint, Round>;
  /** Keys are made by `disputeKey` and `equivocationKey`. */
  disputes: Map<string, Dispute>;
  equivocations: Map<string, Equivocation>;
}

export function disputeKey({ round, challenger, kind, index }: DisputeId): string {
  return `${round} ${challenger} ${kind} ${index}`;
}

export function equivocationKey({ reporter, owner, round }: Equivocation): string {
  return `${reporter} ${owner} ${round}`;
}

/** Tokens of each actor at the beginning. */
export const PURSE = 1000n;

export function initialState(
  terms: Terms,
  rules: RuleName,
  now: bigint,
  order: readonly number[],
): State {
  const purses = Object.fromEntries(ACTORS.map((actor) => [actor, PURSE])) as Record<Actor, bigint>;
  return {
    now,
    order,
    tokens: { ...purses, vault: 0n, escrow: 0n },
    federation: {
      ...terms,
      rules,
      authority: "authority",
      proposed: null,
      paused: false,
      bond: 0n,
      stakes: 0n,
      deposits: 0n,
      nextRound: 1n,
      openRound: 0n,
      finalRound: 0n,
      lastCommittedRound: 0n,
      lastModel: GENESIS,
      lastState: genesisState(rules),
      promised: 0n,
      totalEarned: 0n,
      totalClaimed: 0n,
      members: 0,
      pending: [],
    },
    members: new Map(),
    rounds: new Map(),
    disputes: new Map(),
    equivocations: new Map(),
  };
}

export const GENESIS: Vector = [7, -7];

export function genesisState(rules: RuleName): ServerState {
  return keepsState(rules) ? [5, -4] : null;
}

/** What the vault must keep. */
export function owed({ federation }: State): bigint {
  const reserved = federation.openRound === 0n ? 0n : federation.rewardPerRound;
  return federation.promised - federation.totalClaimed + reserved;
}

/** What the escrow must keep. */
export function held({ federation }: State): bigint {
  return federation.bond + federation.stakes + federation.deposits;
}

/** What the authority may withdraw. */
export function free(state: State): bigint {
  const rest = state.tokens.vault - owed(state);
  return rest > 0n ? rest : 0n;
}

export function oldestUnsettled({ pending, openRound, nextRound }: Federation): bigint {
  return pending[0] ?? (openRound === 0n ? nextRound : openRound);
}

/** The model's indices of the leaves of a round's updates tree, by position. */
export function positions(
  { order }: Pick<State, "order">,
  { updateCount }: Pick<Round, "updateCount">,
): number[] {
  return order.filter((index) => index < updateCount);
}

/** The rank of an owner's leaf among all possible leaves, in either tree. */
export function rankOf({ order }: Pick<State, "order">, owner: Owner): number {
  return order.indexOf(OWNERS.indexOf(owner));
}

/** The leaves of a round's rewards tree, in its order. */
export function rewardsInOrder(
  state: Pick<State, "order">,
  { leaves }: Pick<Round, "leaves">,
): Leaf[] {
  return leaves.toSorted((left, right) => rankOf(state, left.owner) - rankOf(state, right.owner));
}
