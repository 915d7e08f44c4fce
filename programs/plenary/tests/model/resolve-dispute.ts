import type { Operation, OperationOf } from "./operations.ts";
import { isResolvable } from "./predict-dispute.ts";
import { keyAt } from "./predict-equivocation.ts";
import {
  ACTORS,
  type Actor,
  type Dispute,
  type DisputeId,
  type DisputeKind,
  type Equivocation,
  type Holder,
  OWNERS,
  type Owner,
  positions,
  type State,
} from "./state.ts";
import { FLAWS, flawed, OTHERS, pick, type Step } from "./steps.ts";

/** What a drawn step about a dispute means in the present state. */
export function resolveDispute(state: State, step: Step, round: bigint): Operation {
  if (step.name === "dispute_open") return opening(step, round);
  const dispute = disputeFor(state, step);
  const by = pick<Actor>(step.by, dispute.challenger, ACTORS);
  switch (step.name) {
    case "dispute_rewards":
      return folding(step, by, dispute);
    case "dispute_narrow":
      return { name: step.name, by, dispute: idOf(dispute), position: positionFor(state, step, dispute) };
    case "dispute_demand":
      return { name: step.name, by, dispute: idOf(dispute) };
    case "dispute_answer":
      return { name: step.name, dispute: idOf(dispute) };
    case "dispute_envelope": {
      const owner = OWNERS[dispute.index];
      const key = owner === undefined ? null : keyFor(state, owner, dispute.round);
      return { name: step.name, dispute: idOf(dispute), key: flawed(step, key ?? 1, [9]) };
    }
    default: {
      const wrong: readonly (Holder | null)[] = ["foreign", null, "heir", null];
      return {
        name: "dispute_resolve",
        dispute: idOf(dispute),
        to: flawed<Holder | null>(step, dispute.challenger, wrong),
      };
    }
  }
}

const KINDS: readonly DisputeKind[] = ["total", "omission", "envelope"];

/** The member's own leaf, or a neighbour of its place, or any leaf. */
function positionFor(state: State, step: Step, { round: number, target }: Dispute): number {
  const round = state.rounds.get(number);
  if (round === undefined || step.near >= FLAWS) return step.amount % 5;
  const order = positions(state, round);
  const rank = target === null ? -1 : state.order.indexOf(OWNERS.indexOf(target));
  const before = order.filter((index) => state.order.indexOf(index) < rank).length;
  return Math.max(step.near % 2 === 0 ? before : before - 1, 0);
}

function opening(step: Step, round: bigint): OperationOf<"dispute_open"> {
  const by: Actor = step.near % 2 === 0 ? "stranger" : "heir";
  const kind = KINDS[step.amount % KINDS.length]!;
  const index = kind === "envelope" ? step.amount % 5 : 0;
  const receipt = {
    owner: OWNERS[step.subject % OWNERS.length]!,
    sequence: BigInt(step.near % 3),
    signed: step.flaw !== FLAWS,
  };
  const from = step.flaw > FLAWS + 1 ? "foreign" : by;
  return { name: "dispute_open", by, round, kind, index, from, receipt };
}

/** All leaves that are left, or one; more than there are, or one that says too much. */
function folding(step: Step, by: Actor, dispute: Dispute): OperationOf<"dispute_rewards"> {
  const left = Math.max(dispute.leafCount - dispute.nextLeaf, 1);
  const leaves = step.flaw === FLAWS ? left + 1 : step.near % 3 === 0 ? 1 : left;
  return { name: "dispute_rewards", by, dispute: idOf(dispute), leaves, lie: step.flaw > FLAWS };
}

function idOf({ round, challenger, kind, index }: DisputeId): DisputeId {
  return { round, challenger, kind, index };
}

/** One of the open disputes that the step suits, or one that there is not. */
function disputeFor(state: State, { name, subject }: Step): Dispute {
  const all = [...state.disputes.values()];
  const fitting = all.filter((dispute) =>
    name === "dispute_resolve" ? isResolvable(state, dispute) : dispute.kind === kindFor(name),
  );
  const open = subject >= OTHERS || fitting.length === 0 ? all : fitting;
  return open[subject % Math.max(open.length, 1)] ?? NO_DISPUTE;
}

/** The kind of dispute that a step is about. */
export function kindFor(name: Step["name"]): DisputeKind {
  if (name === "dispute_narrow") return "omission";
  return name === "dispute_envelope" ? "envelope" : "total";
}

const NO_DISPUTE: Dispute = {
  round: 1n,
  challenger: "stranger",
  kind: "total",
  index: 0,
  deposit: 0n,
  expiresAt: 0n,
  demandSeconds: 0n,
  demandDeadline: 0n,
  leafCount: 0,
  nextLeaf: 0,
  lies: 0,
  target: null,
  sequence: 0n,
  low: 0,
  high: 0,
  decided: null,
  fault: null,
};

function keyFor({ members }: State, owner: Owner, round: bigint): number | null {
  const member = members.get(owner);
  return member === undefined ? null : keyAt(member, round);
}

/** Reports an owner's two envelopes, one after the other, for a round in which it takes part. */
export function resolveEquivocation(state: State, step: Step, owner: Owner): Operation {
  if (step.name === "equivocation_open") {
    const round = state.members.get(owner)?.joinedRound ?? 1n;
    const about = {
      owner,
      round: round + BigInt(step.near % 2),
      reporter: pick<Actor>(step.by, "stranger", ACTORS),
    };
    return { name: step.name, by: about.reporter, owner, round: about.round, key: keyOf(state, step, about) };
  }
  const records = [...state.equivocations.values()];
  const record = records[step.subject % Math.max(records.length, 1)] ?? {
    reporter: "stranger",
    owner,
    round: 1n,
  };
  return {
    name: "member_equivocation",
    by: pick<Actor>(step.by, record.reporter, ACTORS),
    owner: record.owner,
    round: record.round,
    key: keyOf(state, step, record),
    same: step.flaw === FLAWS,
    to: step.flaw === FLAWS + 1 ? "foreign" : record.reporter,
  };
}

function keyOf(state: State, step: Step, { owner, round }: Equivocation): number {
  return step.flaw === FLAWS + 2 ? 9 : (keyFor(state, owner, round) ?? 1);
}
