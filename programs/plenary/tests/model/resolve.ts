import { closable, droppedRound, fitting, ownerFor } from "./fitting.ts";
import { NO_KEY, type Operation, type OperationOf, type Result } from "./operations.ts";
import { resolveDispute, resolveEquivocation } from "./resolve-dispute.ts";
import {
  ACTORS,
  type Actor,
  free,
  type Holder,
  type Leaf,
  OWNERS,
  type Owner,
  type Round,
  type State,
} from "./state.ts";
import { FLAWS, flawed, OTHERS, pick, type Step } from "./steps.ts";

/** What a drawn step means in the present state: concrete actors, rounds and amounts, near the limits that matter now. */
export function resolve(state: State, drawn: Step): Operation {
  const step = { ...drawn, name: fitting(state, drawn) };
  const { federation } = state;
  const by = (expected: Actor): Actor => pick(step.by, expected, ACTORS);
  const owner = ownerFor(state, step);
  const round = roundFor(state, step);
  switch (step.name) {
    case "wait":
      return { name: "wait", seconds: WAITS[step.near % WAITS.length]! };
    case "donate":
      return {
        name: "donate",
        by: "stranger",
        to: step.flaw % 2 === 0 ? "vault" : "escrow",
        amount: BigInt(step.amount),
      };
    case "vault_fund":
    case "bond_deposit":
      return deposit(state, step, by("aggregator"));
    case "vault_withdraw":
      return {
        name: step.name,
        by: by(federation.authority),
        to: flawed(step, federation.authority, ["foreign", "escrow", "owner one"]),
        amount: amountNear(step, free(state)),
      };
    case "bond_withdraw":
      return {
        name: step.name,
        by: by(step.subject % 4 === 3 ? federation.authority : federation.aggregator),
        to: flawed(step, federation.aggregator, ["foreign", "stranger"]),
        amount: amountNear(step, federation.bond),
      };
    case "reward_claim":
      return claim(state, step, owner, round);
    case "dispute_open":
    case "dispute_rewards":
    case "dispute_narrow":
    case "dispute_demand":
    case "dispute_answer":
    case "dispute_envelope":
    case "dispute_resolve":
      return resolveDispute(state, step, round);
    case "equivocation_open":
    case "member_equivocation":
      return resolveEquivocation(state, step, owner);
    case "audit_draw":
    case "round_open":
    case "round_commit":
    case "round_finalize":
    case "round_void":
    case "round_close":
      return resolveRound(state, step, round);
    case "federation_pause":
    case "federation_update":
    case "authority_propose":
    case "authority_accept":
      return govern(state, step);
    default:
      return resolveMember(state, step, owner);
  }
}

const WAITS = [1n, 5n, 20n, 60n, 90n, 300n] as const;

/** A small amount, or the limit, or one beside it. */
function amountNear({ near, amount }: Step, limit: bigint): bigint {
  if (near < FLAWS - 12) return BigInt(amount);
  const value = [limit, limit, limit + 1n, limit - 1n, 0n, 2n ** 64n - 1n][near % 6]!;
  return value < 0n ? 0n : value;
}

function deposit(state: State, step: Step, by: Actor): Operation {
  const name = step.name === "vault_fund" ? "vault_fund" : "bond_deposit";
  return {
    name,
    by,
    from: flawed<Holder>(step, by, ["foreign"]),
    amount: amountNear(step, state.tokens[by]),
  };
}

/** The round that the step is likely to be about, or any other that there was, or one that never was. */
function roundFor(state: State, { name, subject }: Step): bigint {
  const { federation, rounds } = state;
  const expected: Partial<Record<Step["name"], bigint>> = {
    round_commit: federation.openRound,
    round_void: droppedRound(state) ?? federation.openRound,
    audit_draw: federation.openRound,
    dispute_open: federation.pending.at(-1) ?? 0n,
    round_finalize: federation.pending[0] ?? 0n,
    round_close: closable(state)?.number ?? 0n,
    reward_claim: federation.finalRound,
  };
  const likely = expected[name] ?? 0n;
  if (subject < OTHERS && likely !== 0n) return likely;
  return 1n + BigInt(subject % (rounds.size + 1));
}

function resolveRound({ federation, rounds }: State, step: Step, round: bigint): Operation {
  const { name } = step;
  if (name === "audit_draw") {
    const by = pick(step.by, rounds.get(round)?.aggregator ?? "aggregator", ACTORS);
    return { name, by, round };
  }
  if (name === "round_finalize" || name === "round_void") return { name, round };
  if (name === "round_commit") {
    const open = rounds.get(round);
    const by = pick(step.by, open?.aggregator ?? "aggregator", ACTORS);
    return { name, by, round, result: resultFor(rounds, open, step) };
  }
  if (name === "round_close") {
    const by = pick(step.by, federation.authority, ACTORS);
    return { name, by, round, rentPayer: flawed<Actor | "payer">(step, "payer", ["stranger"]) };
  }
  const limit = federation.collectLimit;
  return {
    name: "round_open",
    by: pick(step.by, federation.aggregator, ACTORS),
    number: step.flaw === FLAWS ? federation.nextRound + 1n : federation.nextRound,
    base: step.flaw === FLAWS + 1 ? "another model" : federation.lastModel,
    seconds: [limit, 1n, limit, limit + 1n, 0n][step.near < FLAWS ? 0 : step.near - FLAWS + 1]!,
  };
}

const U32_MAX = 2 ** 32 - 1;

/** What an aggregator states: pay of one or two members out of the budget, honest or wrong in one respect. */
function resultFor(rounds: State["rounds"], round: Round | undefined, step: Step): Result {
  const base = round === undefined ? undefined : rounds.get(round.baseRound);
  const leaves = paid(base?.leaves ?? [], step, round?.budget ?? 0n);
  const cumulative = (round?.baseCumulative ?? 0n) + added(base?.leaves ?? [], leaves);
  const updateCount = round?.maxUpdates ?? 1;
  const right: Result = {
    leaves,
    cumulative,
    rewardCount: leaves.length,
    updateCount,
    totalWeight: updateCount * (round?.maxWeight ?? 1),
    stateful: false,
  };
  const wrong: readonly Partial<Result>[] = [
    { cumulative: cumulative + 1n },
    { cumulative: cumulative === 0n ? 2n ** 64n - 1n : cumulative - 1n },
    { rewardCount: 0 },
    { updateCount: step.amount % 2 === 0 ? 0 : updateCount + 1 },
    { totalWeight: step.amount % 2 === 0 ? U32_MAX : right.totalWeight + 1 },
    { stateful: true },
    // a tree that promises more than the sum that is stated
    { leaves: leaves.map((leaf) => ({ ...leaf, cumulative: leaf.cumulative + 300n })) },
  ];
  return step.flaw < FLAWS ? right : { ...right, ...wrong[step.amount % wrong.length]! };
}

function paid(base: readonly Leaf[], step: Step, budget: bigint): Leaf[] {
  const shares = new Map(base.map(({ owner, cumulative }) => [owner, cumulative]));
  const give = (owner: Owner, amount: bigint) => {
    if (amount > 0n) shares.set(owner, (shares.get(owner) ?? 0n) + amount);
  };
  const half = budget / 2n;
  give(OWNERS[step.near % OWNERS.length]!, half);
  give(OWNERS[step.amount % OWNERS.length]!, step.near < FLAWS ? budget - half : BigInt(step.amount));
  return [...shares].map(([owner, cumulative]) => ({ owner, cumulative }));
}

function added(base: readonly Leaf[], leaves: readonly Leaf[]): bigint {
  const sum = (list: readonly Leaf[]) => list.reduce((total, { cumulative }) => total + cumulative, 0n);
  return sum(leaves) - sum(base);
}

function claim({ rounds, members }: State, step: Step, owner: Owner, number: bigint): Operation {
  const leaves = rounds.get(number)?.leaves ?? [];
  const index = leaves.findIndex((leaf) => leaf.owner === owner);
  const shown = index < 0 || step.flaw === FLAWS ? step.subject % Math.max(leaves.length, 1) : index;
  const due = leaves[shown]?.cumulative ?? 1n;
  return {
    name: "reward_claim",
    round: number,
    owner,
    payout: step.flaw === FLAWS + 1 ? "stranger" : (members.get(owner)?.payout ?? owner),
    cumulative: step.flaw === FLAWS + 2 ? due + 1n : due,
    index: shown,
  };
}

function resolveMember(state: State, step: Step, owner: Owner): Operation {
  const by = pick<Actor>(step.by, owner, ACTORS);
  const key = step.flaw === FLAWS ? NO_KEY : 1 + (step.amount % 9);
  switch (step.name) {
    case "member_join":
      return joining(state, step, owner, key);
    case "member_rotate_key":
      return { name: step.name, by, owner, key };
    case "payout_update":
      return { name: step.name, by, owner, payout: payoutFor(step, owner) };
    case "member_exit":
      return { name: step.name, by, owner };
    case "member_withdraw":
      return { name: step.name, by, owner, to: flawed<Holder>(step, owner, ["foreign", "stranger"]) };
    case "member_close":
      return { name: step.name, by, owner, rentPayer: flawed<Actor | "payer">(step, "payer", ["stranger"]) };
    default:
      throw new Error(`${step.name} is not about a member.`);
  }
}

function joining(state: State, step: Step, owner: Owner, key: number): OperationOf<"member_join"> {
  const { approved, authority, minimumStake } = state.federation;
  const approver = pick<Actor | null>(step.by, approved ? authority : null, [null, "stranger", authority]);
  const stakes = [minimumStake, minimumStake + BigInt(step.amount), state.tokens[owner] + 1n];
  return {
    name: "member_join",
    owner,
    approver,
    payout: payoutFor(step, owner),
    key,
    stake:
      step.near === FLAWS && minimumStake > 0n
        ? minimumStake - 1n
        : stakes[step.near < FLAWS ? step.near % 2 : 2]!,
  };
}

/** Mostly the owner's account, sometimes another's, and at times one that must be refused. */
function payoutFor(step: Step, owner: Owner): Holder {
  if (step.flaw < FLAWS) return step.near % 4 === 3 ? "heir" : owner;
  return flawed<Holder>(step, owner, ["foreign", "vault", "escrow"]);
}

function govern({ federation }: State, step: Step): Operation {
  const by = pick<Actor>(step.by, federation.authority, ACTORS);
  switch (step.name) {
    case "federation_pause":
      return { name: step.name, by, paused: federation.paused === step.flaw >= FLAWS };
    case "authority_propose":
      return { name: step.name, by, proposed: step.near % 4 === 3 ? null : ACTORS[step.subject % 3]! };
    case "authority_accept":
      return { name: step.name, by: pick<Actor>(step.by, federation.proposed ?? "heir", ACTORS) };
    default:
      return { name: "federation_update", by, terms: newTerms(federation, step) };
  }
}

function newTerms(federation: State["federation"], step: Step): OperationOf<"federation_update">["terms"] {
  const { aggregator, approved, maxUpdates, maxWeight, rewardPerRound, minimumStake } = federation;
  const { minimumBond, challengeWindow, collectLimit, grace, exitCooldown } = federation;
  const times = { challengeWindow, collectLimit, grace, exitCooldown };
  const pay = { rewardPerRound, minimumStake, minimumBond };
  const now = { aggregator, approved, maxUpdates, maxWeight, ...pay, ...times };
  const changes: readonly Partial<typeof now>[] = [
    { rewardPerRound: BigInt(step.amount) },
    { minimumStake: BigInt(step.amount) },
    { minimumBond: BigInt(step.amount) },
    { exitCooldown: challengeWindow + BigInt(step.amount) },
    { approved: !approved },
    { aggregator: aggregator === "aggregator" ? "heir" : "aggregator" },
  ];
  const wrong: readonly Partial<typeof now>[] = [
    { maxUpdates: 0 },
    { maxUpdates: 4096, maxWeight: 16384 },
    { collectLimit: 0n },
    { challengeWindow: exitCooldown + 1n },
  ];
  const list = step.flaw < FLAWS ? changes : wrong;
  return { ...now, ...list[step.subject % list.length]! };
}
