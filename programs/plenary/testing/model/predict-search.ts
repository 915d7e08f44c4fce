import { checkAnswerable, disputeOf, endDemand, roundOf, steppable } from "./dispute-clock.ts";
import { type OperationOf, SEQUENCE } from "./operations.ts";
import { checkSigner } from "./predict-equivocation.ts";
import { memberOf } from "./predict-member.ts";
import { ensure } from "./refusal.ts";
import {
  type Dispute,
  OWNERS,
  positions,
  type Round,
  rankOf,
  rewardsInOrder,
  type State,
} from "./state.ts";

/*
 * Disputes that a single leaf decides: a missing one, or one whose envelope is demanded.
 */

/**
 * Leaves before the member's position raise the lower bound; leaves after it lower the upper bound.
 */
export function narrow(state: State, operation: OperationOf<"dispute_narrow">): void {
  const { by, dispute: id, tree, position } = operation;
  const dispute = steppable(state, id, by);
  const { kind, target } = dispute;
  ensure(target !== null, "WrongKind");
  ensure(tree === (kind === "omission" ? "updates" : "rewards"), "WrongLeafKind");
  const round = roundOf(state, id.round);
  const rank = ranks(state, round, dispute)[position];
  ensure(rank !== undefined, "BadProof");
  const place = rankOf(state, target);
  if (rank === place) {
    ensure(!agrees(round, dispute), "LeafAgrees");
    uphold(dispute);
    return;
  }
  if (rank < place) dispute.low = Math.max(dispute.low, position + 1);
  else dispute.high = Math.min(dispute.high, position);
  if (dispute.low >= dispute.high) uphold(dispute);
}

/** The ranks of the searched tree's leaves among all possible leaves. */
export function ranks(state: State, round: Round, { kind }: Pick<Dispute, "kind">): number[] {
  return kind === "omission"
    ? positions(state, round).map((index) => state.order.indexOf(index))
    : rewardsInOrder(state, round).map(({ owner }) => rankOf(state, owner));
}

/**
 * Whether the target's leaf agrees with what it was promised. A receipt with the leaf's own
 * sequence is for another envelope.
 */
export function agrees(
  { leaves, updateCount }: Round,
  { kind, target, targetValue }: Dispute,
): boolean {
  if (target === null) return false;
  if (kind === "omission") return OWNERS.indexOf(target) < updateCount && targetValue < SEQUENCE;
  return leaves.some(({ owner, cumulative }) => owner === target && cumulative >= targetValue);
}

function uphold(dispute: Dispute): void {
  dispute.decided = "upheld";
  dispute.fault = dispute.kind === "omission" ? "member-omitted" : "reward-fell";
}

export function showEnvelope(state: State, operation: OperationOf<"dispute_envelope">): void {
  const { dispute: id, index, key } = operation;
  const dispute = disputeOf(state, id);
  const owner = OWNERS[index];
  ensure(owner !== undefined, "AccountNotInitialized");
  checkSigner(memberOf(state, owner), id.round, key);
  ensure(dispute.kind === "envelope", "WrongKind");
  checkAnswerable(state, dispute);
  ensure(index === dispute.index, "BadProof");
  dispute.decided = "rejected";
  endDemand(state, dispute);
}
