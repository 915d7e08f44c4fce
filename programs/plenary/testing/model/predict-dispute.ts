import { outcomeOf } from "./aggregate.ts";
import { disputeOf, roundOf } from "./dispute-clock.ts";
import type { DisputeOperation, OperationOf } from "./operations.ts";
import {
  answer,
  demand,
  feedChunk,
  foldRewards,
  foldUpdate,
  missing,
  probe,
} from "./predict-folding.ts";
import { open } from "./predict-opening.ts";
import { dropFrom, hasDropped } from "./predict-round.ts";
import { narrow, showEnvelope } from "./predict-search.ts";
import { ensure, transfer } from "./refusal.ts";
import { type Dispute, disputeKey, type Round, type State } from "./state.ts";

export function applyDispute(state: State, operation: DisputeOperation): void {
  switch (operation.name) {
    case "dispute_open":
      open(state, operation);
      break;
    case "dispute_rewards":
      foldRewards(state, operation);
      break;
    case "dispute_leaf":
      foldUpdate(state, operation);
      break;
    case "dispute_chunk":
      feedChunk(state, operation);
      break;
    case "dispute_probe":
      probe(state, operation);
      break;
    case "dispute_narrow":
      narrow(state, operation);
      break;
    case "dispute_demand":
      demand(state, operation);
      break;
    case "dispute_answer":
      answer(state, operation);
      break;
    case "dispute_envelope":
      showEnvelope(state, operation);
      break;
    case "dispute_resolve":
      resolveDispute(state, operation);
  }
}

function resolveDispute(state: State, { dispute: id, to }: OperationOf<"dispute_resolve">): void {
  const { federation } = state;
  const round = roundOf(state, id.round);
  const dispute = disputeOf(state, id);
  ensure(to !== "foreign", "WrongMint");
  ensure(to === null || to === dispute.challenger, "WrongTokenOwner");
  const verdict = verdictOf(state, dispute);
  ensure(verdict !== null, "DisputeUndecided");
  round.openDisputes -= 1;
  federation.deposits -= dispute.deposit;
  state.disputes.delete(disputeKey(id));
  if (verdict === "rejected") {
    federation.bond += dispute.deposit;
    return;
  }
  const bond = verdict === "upheld" ? federation.bond : 0n;
  if (verdict === "upheld") {
    round.status = "void";
    dropFrom(state, round);
    federation.bond = 0n;
  }
  ensure(to !== null, "ChallengerTokensMissing");
  transfer(state, "escrow", to, dispute.deposit + bond / 2n);
  transfer(state, "escrow", "vault", bond - bond / 2n);
}

/** The verdict if the dispute is resolved now; null if it is undecided. */
export function verdictOf(state: State, dispute: Dispute): "upheld" | "rejected" | "moot" | null {
  const round = roundOf(state, dispute.round);
  if (round.status === "void" || hasDropped(state.federation, round)) return "moot";
  if (dispute.decided !== null) return dispute.decided;
  if (dispute.demandDeadline !== 0n) return state.now <= dispute.demandDeadline ? null : "upheld";
  if (isComplete(dispute))
    return dispute.fault === "none" && isRight(round, dispute) ? "rejected" : "upheld";
  return state.now > dispute.expiresAt ? "rejected" : null;
}

/** Whether evidence, not silence, decides the dispute. */
export function isShown(dispute: Dispute): boolean {
  return dispute.decided !== null || (dispute.demandDeadline === 0n && isComplete(dispute));
}

/** Whether everything that decides the dispute was folded. */
function isComplete(dispute: Dispute): boolean {
  return (dispute.kind === "chunk" || dispute.kind === "total") && missing(dispute) === null;
}

function isRight(round: Round, { kind, chunk }: Dispute): boolean {
  return kind !== "chunk" || isChunkRight(round, chunk);
}

/** Whether a chunk of the committed model and state follows from the base and the updates. */
export function isChunkRight(round: Round, chunk: number): boolean {
  const { next, state } = outcomeOf(round, round.updateCount);
  return round.nextModel?.[chunk] === next[chunk] && round.nextState?.[chunk] === state?.[chunk];
}
