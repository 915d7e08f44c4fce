import { ensure } from "./refusal.ts";
import {
  type Actor,
  type Dispute,
  type DisputeId,
  disputeKey,
  type Round,
  type State,
} from "./state.ts";

export function disputeOf(state: State, id: DisputeId): Dispute {
  const dispute = state.disputes.get(disputeKey(id));
  ensure(dispute !== undefined, "AccountOwnedByWrongProgram");
  return dispute;
}

export function roundOf(state: State, number: bigint): Round {
  const round = state.rounds.get(number);
  ensure(round !== undefined && !round.closed, "AccountNotInitialized");
  return round;
}

/** The dispute, if `by` may take a step in it now. */
export function steppable(state: State, id: DisputeId, by: Actor): Dispute {
  const dispute = disputeOf(state, id);
  ensure(by === dispute.challenger, "NotChallenger");
  ensure(dispute.decided === null, "DisputeDecided");
  ensure(dispute.demandDeadline === 0n, "DemandPending");
  ensure(state.now <= dispute.expiresAt, "DisputeExpired");
  return dispute;
}

export function checkAnswerable({ now }: State, dispute: Dispute): void {
  ensure(dispute.decided === null, "DisputeDecided");
  ensure(dispute.demandDeadline !== 0n, "NothingDemanded");
  ensure(now <= dispute.demandDeadline, "AnswerTooLate");
}

export function startDemand({ now }: State, dispute: Dispute): void {
  dispute.demandDeadline = now + dispute.demandSeconds;
  dispute.expiresAt += dispute.demandSeconds;
}

/** A dispute is prolonged only by the time spent waiting for an answer. */
export function endDemand({ now }: State, dispute: Dispute): void {
  dispute.expiresAt -= dispute.demandDeadline - now;
  dispute.demandDeadline = 0n;
}
