/*
 * What the program keeps, in plain values: actors instead of addresses, labels instead of hashes. Amounts, round numbers and
 * times are bigint, as in the accounts.
 */

export const OWNERS = ["owner one", "owner two", "owner three"] as const;
export const ACTORS = ["authority", "aggregator", "heir", "stranger", ...OWNERS] as const;

export type Owner = (typeof OWNERS)[number];
export type Actor = (typeof ACTORS)[number];
/** A token account in the reward mint, or the one in another mint. */
export type Holder = Actor | "vault" | "escrow" | "foreign";

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
  lastModel: string;
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
  maxUpdates: number;
  maxWeight: number;
  budget: bigint;
  challengeWindow: bigint;
  baseRound: bigint;
  baseModel: string;
  baseCumulative: bigint;
  deadline: bigint;
  commitBy: bigint;
  committedAt: bigint;
  challengeEndsAt: bigint;
  nextModel: string | null;
  leaves: Leaf[];
  cumulative: bigint;
  openDisputes: number;
  /** The account is gone; what it said is still needed to make later trees. */
  closed: boolean;
}

export interface State {
  now: bigint;
  tokens: Record<Exclude<Holder, "foreign">, bigint>;
  federation: Federation;
  members: Map<Owner, Member>;
  rounds: Map<bigint, Round>;
}

/** What each actor holds at the beginning. */
export const PURSE = 1000n;

export function initialState(terms: Terms, now: bigint): State {
  const purses = Object.fromEntries(ACTORS.map((actor) => [actor, PURSE])) as Record<Actor, bigint>;
  return {
    now,
    tokens: { ...purses, vault: 0n, escrow: 0n },
    federation: {
      ...terms,
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
      promised: 0n,
      totalEarned: 0n,
      totalClaimed: 0n,
      members: 0,
      pending: [],
    },
    members: new Map(),
    rounds: new Map(),
  };
}

export const GENESIS = "genesis model";

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
