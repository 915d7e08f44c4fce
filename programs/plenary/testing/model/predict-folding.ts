import type { CommittedVector, DisputedVector, Fault } from "@plenary/chain";
import { deltaOf, weightOf, weightOfAll } from "./aggregate.ts";
import {
  checkAnswerable,
  disputeOf,
  endDemand,
  roundOf,
  startDemand,
  steppable,
} from "./dispute-clock.ts";
import type { OperationOf } from "./operations.ts";
import { CHUNKS } from "./predict-opening.ts";
import { ensure } from "./refusal.ts";
import { type Dispute, positions, type State, type Vector } from "./state.ts";

/*
 * Disputes that fold every leaf of a tree: about the total of the rewards, and about a chunk.
 */

/** What a dispute needs next: a leaf, the chunk of a vector, or nothing. */
export function missing(dispute: Dispute): "leaf" | DisputedVector | null {
  const { kind, decided, probed, pending, nextLeaf, leafCount, fault, received } = dispute;
  if ((kind !== "chunk" && kind !== "total") || decided !== null) return null;
  if (probed !== null) return probed;
  if (pending !== null) return "delta";
  if (nextLeaf < leafCount) return "leaf";
  if (kind === "total" || fault !== "none") return null;
  return vectorsOf(dispute).find((vector) => !received.includes(vector)) ?? null;
}

/** The vectors whose chunks decide a dispute about a chunk, in the program's order. */
function vectorsOf({ stateVectors }: Pick<Dispute, "stateVectors">): readonly CommittedVector[] {
  return stateVectors > 0 ? ["base", "next", "baseState", "nextState"] : ["base", "next"];
}

export function foldRewards(state: State, operation: OperationOf<"dispute_rewards">): void {
  const dispute = steppable(state, operation.dispute, operation.by);
  for (let leaf = 0; leaf < operation.leaves; leaf++) {
    ensure(missing(dispute) === "leaf", "LeafNotExpected");
    ensure(dispute.kind === "total", "WrongLeafKind");
    ensure(takeLeaf(state, dispute, operation.lie), "BadProof");
  }
}

export function foldUpdate(state: State, operation: OperationOf<"dispute_leaf">): void {
  const dispute = steppable(state, operation.dispute, operation.by);
  ensure(missing(dispute) === "leaf", "LeafNotExpected");
  ensure(dispute.kind === "chunk", "WrongLeafKind");
  ensure(takeLeaf(state, dispute, operation.lie), "BadProof");
  if (operation.chunk !== null) takeChunk(dispute, "delta", operation.chunk === "wrong");
}

export function feedChunk(state: State, operation: OperationOf<"dispute_chunk">): void {
  const dispute = steppable(state, operation.dispute, operation.by);
  ensure(dispute.kind === "chunk", "WrongKind");
  takeChunk(dispute, operation.vector, operation.lie);
}

/** Takes the next leaf. Returns false if it was the last one and some were lies. */
function takeLeaf(state: State, dispute: Dispute, lie: boolean): boolean {
  if (lie) dispute.lies += 1;
  if (dispute.kind === "chunk") notePending(state, dispute, lie);
  dispute.nextLeaf += 1;
  if (dispute.nextLeaf < dispute.leafCount) return true;
  if (!addsUp(state, dispute)) note(dispute, "total-mismatch");
  return dispute.lies === 0;
}

/** The leaf of a counted update must be followed by its chunk. */
function notePending(state: State, dispute: Dispute, lie: boolean): void {
  const round = roundOf(state, dispute.round);
  const index = positions(state, round)[dispute.nextLeaf];
  if (index === undefined || weightOf(round, index) === 0) return;
  const delta = deltaOf(round.number, index);
  dispute.pending = lie ? madeUp(delta) : delta;
}

/** An update that was never committed, for a leaf that lies. */
export function madeUp([first, second]: Vector): Vector {
  return [first + 100, second + 100];
}

function addsUp(state: State, dispute: Dispute): boolean {
  const round = roundOf(state, dispute.round);
  if (dispute.kind === "chunk") return weightOfAll(round, round.updateCount) === round.totalWeight;
  const sum = round.leaves.reduce((total, leaf) => total + leaf.cumulative, 0n);
  return sum + BigInt(dispute.lies) === round.cumulative;
}

function note(dispute: Dispute, fault: Fault): void {
  if (dispute.fault === "none") dispute.fault = fault;
}

function takeChunk(dispute: Dispute, vector: DisputedVector, lie: boolean): void {
  if (vector === "delta") {
    ensure(dispute.pending !== null, "ChunkNotExpected");
    ensure(!lie, "BadProof");
    dispute.pending = null;
    return;
  }
  const taken = [...dispute.received, vector];
  const received = vectorsOf(dispute).filter((name) => taken.includes(name));
  ensure(received.length > dispute.received.length, "ChunkNotExpected");
  ensure(!lie, "BadProof");
  dispute.received = received;
  dispute.probed = null;
}

const MAX_PROBES = 42;
const PROBE_SECONDS = 10n;

/** Demands a chunk of the result before the first leaf, and moves the dispute to it. */
export function probe(
  state: State,
  { by, dispute: id, vector, index }: OperationOf<"dispute_probe">,
): void {
  const dispute = steppable(state, id, by);
  ensure(dispute.kind === "chunk", "WrongKind");
  ensure(dispute.nextLeaf === 0, "ChunkFixed");
  ensure(index < CHUNKS, "NoSuchChunk");
  if (index !== dispute.chunk) dispute.received = [];
  dispute.chunk = index;
  const isKept = vectorsOf(dispute).includes(vector) && !dispute.received.includes(vector);
  ensure(isKept, "ChunkNotExpected");
  ensure(dispute.probes < MAX_PROBES, "TooManyProbes");
  dispute.probes += 1;
  dispute.probed = vector;
  dispute.expiresAt += PROBE_SECONDS;
  startDemand(state, dispute);
}

/** A challenger that demands the chunk of a leaf must prove the leaf. */
export function demand(state: State, operation: OperationOf<"dispute_demand">): void {
  const dispute = steppable(state, operation.dispute, operation.by);
  const lacks = missing(dispute);
  ensure(lacks !== null, "NothingToDemand");
  if (lacks === "delta") ensure(operation.proof && isCommitted(state, dispute), "BadProof");
  startDemand(state, dispute);
}

/** Whether the update whose chunk is missing is the one in the tree. */
function isCommitted(state: State, dispute: Dispute): boolean {
  const round = roundOf(state, dispute.round);
  const index = positions(state, round)[dispute.nextLeaf - 1];
  return index !== undefined && `${dispute.pending}` === `${deltaOf(round.number, index)}`;
}

export function answer(
  state: State,
  { dispute: id, show, lie }: OperationOf<"dispute_answer">,
): void {
  const dispute = disputeOf(state, id);
  checkAnswerable(state, dispute);
  const lacks = missing(dispute);
  if (lacks === "leaf" && show === "leaf") {
    ensure(!lie, "BadProof");
    // The answer is proven, so if the root does not match, the challenger made leaves up.
    if (!takeLeaf(state, dispute, false)) dispute.decided = "rejected";
  } else {
    ensure(lacks !== null && lacks !== "leaf" && show === "chunk", "WrongAnswer");
    takeChunk(dispute, lacks, lie);
  }
  endDemand(state, dispute);
}
