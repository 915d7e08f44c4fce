import { patience } from "./dispute-progress.ts";
import { closable, droppedRound, fitting, ownerFor } from "./fitting.ts";
import {
  type Admission,
  isOfDispute,
  isOfEquivocation,
  isOfRound,
  NO_KEY,
  type Operation,
  type OperationOf,
} from "./operations.ts";
import { resolveDispute } from "./resolve-dispute.ts";
import { resolveEquivocation } from "./resolve-equivocation.ts";
import { resultFor } from "./resolve-result.ts";
import { ACTORS, type Actor, free, type Holder, OWNERS, type Owner, type State } from "./state.ts";
import { FLAWS, flawed, OTHERS, pick, type Step } from "./steps.ts";

/**
 * What a drawn step means in the present state: concrete actors, rounds and amounts, near the
 * present limits.
 */
export function resolve(state: State, drawn: Step): Operation {
  const step = { ...drawn, name: fitting(state, drawn) };
  const { federation } = state;
  const by = (expected: Actor): Actor => pick(step.by, expected, ACTORS);
  const owner = ownerFor(state, step);
  const round = roundFor(state, step);
  if (isOfDispute(step)) return resolveDispute(state, step, round);
  if (isOfEquivocation(step)) return resolveEquivocation(state, step, owner);
  if (isOfRound(step)) return resolveRound(state, step, round);
  switch (step.name) {
    case "wait":
      return { name: "wait", seconds: secondsFor(state, drawn) };
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

/**
 * The time to wait: until a dispute's deadline or the end of a challenge window, if the drawn step
 * needs it.
 */
function secondsFor(state: State, { name, near }: Step): bigint {
  const isPast = near % 4 > 0;
  const [dispute] = state.disputes.values();
  const oldest = state.rounds.get(state.federation.pending[0] ?? 0n);
  if (name.startsWith("dispute") && dispute !== undefined) return patience(state, dispute, isPast);
  if (name !== "round_finalize" || oldest === undefined) return WAITS[near % WAITS.length]!;
  const left = oldest.challengeEndsAt - state.now;
  return left > 0n && !isPast ? left - 1n : left;
}

/** A small amount, the limit, or an amount next to it. */
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

/**
 * The round that the step is likely to be about; at times any round, or one that does not exist.
 */
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
    base: step.flaw === FLAWS + 1 ? [0, 0] : federation.lastModel,
    baseState: step.flaw === FLAWS + 2 ? [0, 0] : federation.lastState,
    seconds: [limit, 1n, limit, limit + 1n, 0n][step.near < FLAWS ? 0 : step.near - FLAWS + 1]!,
  };
}

function claim({ rounds, members }: State, step: Step, owner: Owner, number: bigint): Operation {
  const leaves = rounds.get(number)?.leaves ?? [];
  const index = leaves.findIndex((leaf) => leaf.owner === owner);
  const shown =
    index < 0 || step.flaw === FLAWS ? step.subject % Math.max(leaves.length, 1) : index;
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
      return {
        name: step.name,
        by,
        owner,
        to: flawed<Holder>(step, owner, ["foreign", "stranger"]),
      };
    case "member_close":
      return {
        name: step.name,
        by,
        owner,
        rentPayer: flawed<Actor | "payer">(step, "payer", ["stranger"]),
      };
    default:
      throw new Error(`${step.name} is not about a member.`);
  }
}

function joining(state: State, step: Step, owner: Owner, key: number): OperationOf<"member_join"> {
  const { approved, authority, minimumStake } = state.federation;
  const admission = admissionFor(state, step, owner);
  const expected = approved && admission === null ? authority : null;
  const approver = pick<Actor | null>(step.by, expected, [null, "stranger", authority]);
  const stakes = [minimumStake, minimumStake + BigInt(step.amount), state.tokens[owner] + 1n];
  return {
    name: "member_join",
    owner,
    approver,
    admission,
    payout: payoutFor(step, owner),
    key,
    stake:
      step.near === FLAWS && minimumStake > 0n
        ? minimumStake - 1n
        : stakes[step.near < FLAWS ? step.near % 2 : 2]!,
  };
}

/**
 * Half of the owners that need approval show an admission. At times it is signed by another key,
 * for another owner, or expired.
 */
function admissionFor({ federation }: State, step: Step, owner: Owner): Admission | null {
  if (!federation.approved || step.deceit % 2 === 0) return null;
  const right: Admission = { by: federation.authority, owner, over: false };
  const another = OWNERS.find((other) => other !== owner)!;
  return flawed(step, right, [
    { ...right, by: "stranger" },
    { ...right, owner: another },
    { ...right, over: true },
  ]);
}

/** Mostly the owner's account, sometimes another actor's, and at times one that must be refused. */
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
      return {
        name: step.name,
        by,
        proposed: step.near % 4 === 3 ? null : ACTORS[step.subject % 3]!,
      };
    case "authority_accept":
      return { name: step.name, by: pick<Actor>(step.by, federation.proposed ?? "heir", ACTORS) };
    default:
      return { name: "federation_update", by, terms: newTerms(federation, step) };
  }
}

function newTerms(
  federation: State["federation"],
  step: Step,
): OperationOf<"federation_update">["terms"] {
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
