import type { DisputedVector } from "@plenary/chain";
import { keyFor, suits } from "./dispute-progress.ts";
import type { Operation, OperationOf } from "./operations.ts";
import { missing } from "./predict-folding.ts";
import { CHUNKS } from "./predict-opening.ts";
import { ranks } from "./predict-search.ts";
import { opening } from "./resolve-opening.ts";
import {
  ACTORS,
  type Actor,
  type Dispute,
  type DisputeId,
  type Holder,
  rankOf,
  type State,
} from "./state.ts";
import { FLAWS, flawed, OTHERS, pick, type Step } from "./steps.ts";

/** What a drawn step about a dispute means in the present state. */
export function resolveDispute(state: State, step: Step, round: bigint): Operation {
  if (step.name === "dispute_open") return opening(state, step, round);
  const dispute = disputeFor(state, step);
  const id = idOf(dispute);
  const by = pick<Actor>(step.by, dispute.challenger, ACTORS);
  const lie = step.flaw >= FLAWS;
  switch (step.name) {
    case "dispute_rewards":
      return folding(step, by, dispute);
    case "dispute_leaf":
      return { name: step.name, by, dispute: id, lie: step.flaw > FLAWS, chunk: chunkWith(step) };
    case "dispute_chunk":
      return {
        name: step.name,
        by,
        dispute: id,
        vector: vectorFor(step, dispute),
        lie: step.flaw === FLAWS,
      };
    case "dispute_probe":
      return probing(step, by, dispute);
    case "dispute_narrow":
      return narrowing(state, step, by, dispute);
    case "dispute_demand":
      return { name: step.name, by, dispute: id, proof: !lie };
    case "dispute_answer": {
      const isLeaf = missing(dispute) === "leaf";
      const show = isLeaf === step.flaw <= FLAWS + 1 ? "leaf" : "chunk";
      return { name: step.name, dispute: id, show, lie: step.flaw === FLAWS };
    }
    case "dispute_envelope":
      return showing(state, step, dispute);
    default: {
      const wrong: readonly (Holder | null)[] = ["foreign", null, "heir", null];
      return {
        name: "dispute_resolve",
        dispute: id,
        to: flawed<Holder | null>(step, dispute.challenger, wrong),
      };
    }
  }
}

/** With every other leaf: its update's chunk, or at times a wrong one. */
function chunkWith({ near, flaw }: Step): OperationOf<"dispute_leaf">["chunk"] {
  if (near % 2 === 0) return null;
  return flaw === FLAWS ? "wrong" : "right";
}

/** A chunk of the result, or at times one that does not exist. */
function probing(step: Step, by: Actor, dispute: Dispute): OperationOf<"dispute_probe"> {
  const index = step.flaw === FLAWS ? CHUNKS : step.amount % CHUNKS;
  const isState = step.flaw > FLAWS || (dispute.stateVectors > 0 && step.near % 2 === 0);
  const vector = isState ? "nextState" : "next";
  return { name: "dispute_probe", by, dispute: idOf(dispute), vector, index };
}

const VECTORS: readonly DisputedVector[] = ["delta", "base", "next", "baseState", "nextState"];

/** The vector whose chunk is missing, or any vector. */
function vectorFor(step: Step, dispute: Dispute): DisputedVector {
  const lacks = missing(dispute);
  const any = VECTORS[step.amount % VECTORS.length]!;
  return lacks === null || lacks === "leaf" || step.flaw > FLAWS ? any : lacks;
}

function narrowing(
  state: State,
  step: Step,
  by: Actor,
  dispute: Dispute,
): OperationOf<"dispute_narrow"> {
  const right = dispute.kind === "omission" ? "updates" : "rewards";
  const other = dispute.kind === "omission" ? "rewards" : "updates";
  return {
    name: "dispute_narrow",
    by,
    dispute: idOf(dispute),
    tree: flawed(step, right, [right, other]),
    position: positionFor(state, step, dispute),
  };
}

/** The position of the member's leaf, of a neighbour, or of any leaf. */
function positionFor(state: State, step: Step, dispute: Dispute): number {
  const round = state.rounds.get(dispute.round);
  if (round === undefined || dispute.target === null || step.near >= FLAWS) return step.amount % 5;
  const place = rankOf(state, dispute.target);
  const before = ranks(state, round, dispute).filter((rank) => rank < place).length;
  return Math.max(step.near % 2 === 0 ? before : before - 1, 0);
}

/** The envelope of the leaf that is demanded, or of another one. */
function showing(state: State, step: Step, dispute: Dispute): OperationOf<"dispute_envelope"> {
  const count = Math.max(state.rounds.get(dispute.round)?.updateCount ?? 0, 1);
  const asked = dispute.kind === "envelope" ? dispute.index : 0;
  const index = step.flaw === FLAWS ? step.amount % count : asked;
  const key = keyFor(state, { round: dispute.round, index });
  return {
    name: "dispute_envelope",
    dispute: idOf(dispute),
    index,
    key: step.flaw > FLAWS ? 9 : (key ?? 1),
  };
}

/** All remaining leaves, or one; at times too many, or one that states too much. */
function folding(step: Step, by: Actor, dispute: Dispute): OperationOf<"dispute_rewards"> {
  const left = Math.max(dispute.leafCount - dispute.nextLeaf, 1);
  const leaves = step.flaw === FLAWS ? left + 1 : step.near % 3 === 0 ? 1 : left;
  return { name: "dispute_rewards", by, dispute: idOf(dispute), leaves, lie: step.flaw > FLAWS };
}

function idOf({ round, challenger, kind, index }: DisputeId): DisputeId {
  return { round, challenger, kind, index };
}

/** An open dispute that the step suits, or one that does not exist. */
function disputeFor(state: State, { name, subject }: Step): Dispute {
  const all = [...state.disputes.values()];
  const fitting = all.filter((dispute) => suits(state, dispute, name));
  const open = subject >= OTHERS || fitting.length === 0 ? all : fitting;
  return open[subject % Math.max(open.length, 1)] ?? NO_DISPUTE;
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
  pending: null,
  received: [],
  stateVectors: 0,
  chunk: 0,
  probed: null,
  probes: 0,
  target: null,
  targetValue: 0n,
  low: 0,
  high: 0,
  decided: null,
  fault: "none",
};
