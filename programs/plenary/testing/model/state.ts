import type { Dispute as DisputeAccount, DisputeKind, Fault } from "@plenary/chain";
import { keepsState, type RuleName } from "./rules.ts";

/*
 * What the program keeps, in plain values: actors instead of addresses, vectors instead of roots. Amounts, round numbers and
 * times are bigint, as in the accounts.
 */

export const OWNERS = ["owner one", "owner two", "owner three"] as const;
export const ACTORS = ["authority", "aggregator", "heir", "stranger", ...OWNERS] as const;

export type Owner = (typeof OWNERS)[number];
export type Actor = (typeof ACTORS)[number];
/** A token account in the reward mint, or the one in another mint. */
export type Holder = Actor | "vault" | "escrow" | "foreign";

/** A model or an update of two chunks: the integer that each of them repeats. */
export type Vector = readonly [number, number];

export function sameVector([a, b]: Vector, [c, d]: Vector): boolean {
  return a === c && b === d;
}

/** A server state where the rules keep one. */
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
  /** Null while no key was replaced. */
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

/** What a rewards tree says that a member has earned since the federation began. */
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
  /** Leaves of the updates tree: the owners' in the model's order, then those of nobody. */
  updateCount: number;
  totalWeight: number;
  leaves: Leaf[];
  cumulative: bigint;
  openDisputes: number;
  /** The account is gone; what it said is still needed to make later trees. */
  closed: boolean;
}

/** Which dispute: `index` is the chunk that it was opened for, or the place of the leaf in the model's order. */
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
  /** Leaves that were folded in another form than the tree has them. */
  lies: number;
  /** The update whose chunk must follow the leaf that was folded last. */
  pending: Vector | null;
  received: DisputeAccount["received"];
  /** Vectors of the server's state whose chunks decide it, too. */
  stateVectors: number;
  /** The disputed chunk, to which probes move; the vector that the last one asks for; and how many there were. */
  chunk: number;
  probed: DisputeAccount["probed"];
  probes: number;
  /** Whom a search is about, by which sequence or pay; and between which leaves its leaf would stand. */
  target: Owner | null;
  targetValue: bigint;
  low: number;
  high: number;
  decided: "upheld" | "rejected" | null;
  fault: Fault;
}

/** One envelope that a member signed, kept until somebody shows its contradiction. */
export interface Equivocation {
  reporter: Actor;
  owner: Owner;
  round: bigint;
}

export interface State {
  now: bigint;
  /** The model's indices of leaves (`Round.updateCount`), in the order of the addresses that this federation's members have. */
  order: readonly number[];
  tokens: Record<Exclude<Holder, "foreign">, bigint>;
  federation: Federation;
  members: Map<Owner, Member>;
  rounds: Map<bigint, Round>;
  /** By `disputeKey`, and by `equivocationKey`. */
  disputes: Map<string, Dispute>;
  equivocations: Map<string, Equivocation>;
}

export function disputeKey({ round, challenger, kind, index }: DisputeId): string {
  return `${round} ${challenger} ${kind} ${index}`;
}

export function equivocationKey({ reporter, owner, round }: Equivocation): string {
  return `${reporter} ${owner} ${round}`;
}

/** What each actor holds at the beginning. */
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

/** What the authority may take. */
export function free(state: State): bigint {
  const rest = state.tokens.vault - owed(state);
  return rest > 0n ? rest : 0n;
}

export function oldestUnsettled({ pending, openRound, nextRound }: Federation): bigint {
  return pending[0] ?? (openRound === 0n ? nextRound : openRound);
}

/** Where the leaves of a round's updates tree stand: the model's indices by position. */
export function positions(
  { order }: Pick<State, "order">,
  { updateCount }: Pick<Round, "updateCount">,
): number[] {
  return order.filter((index) => index < updateCount);
}

/** Where an owner's leaf stands among all leaves that there could be, in either tree. */
export function rankOf({ order }: Pick<State, "order">, owner: Owner): number {
  return order.indexOf(OWNERS.indexOf(owner));
}

/** The leaves of a round's rewards tree as they stand in it. */
export function rewardsInOrder(
  state: Pick<State, "order">,
  { leaves }: Pick<Round, "leaves">,
): Leaf[] {
  return leaves.toSorted((left, right) => rankOf(state, left.owner) - rankOf(state, right.owner));
}
