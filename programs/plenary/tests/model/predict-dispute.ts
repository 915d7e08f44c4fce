import type { OperationOf } from "./operations.ts";
import { SEQUENCE } from "./operations.ts";
import { checkSigner } from "./predict-equivocation.ts";
import { memberOf } from "./predict-member.ts";
import { dropFrom, hasDropped } from "./predict-round.ts";
import { ensure, transfer } from "./refusal.ts";
import {
  type Dispute,
  type DisputeId,
  disputeKey,
  OWNERS,
  positions,
  type Round,
  type State,
} from "./state.ts";

type DisputeOperation = OperationOf<
  | "dispute_open"
  | "dispute_rewards"
  | "dispute_narrow"
  | "dispute_demand"
  | "dispute_answer"
  | "dispute_envelope"
  | "dispute_resolve"
>;

export function applyDispute(state: State, operation: DisputeOperation): void {
  switch (operation.name) {
    case "dispute_open":
      open(state, operation);
      break;
    case "dispute_rewards":
      fold(state, operation);
      break;
    case "dispute_narrow":
      narrow(state, operation);
      break;
    case "dispute_demand": {
      const dispute = disputeOf(state, operation.dispute);
      ensure(operation.by === dispute.challenger, "NotChallenger");
      checkSteppable(state, dispute);
      ensure(lacksLeaf(dispute), "NothingToDemand");
      demand(state, dispute);
      break;
    }
    case "dispute_answer":
      answer(state, disputeOf(state, operation.dispute));
      break;
    case "dispute_envelope":
      showEnvelope(state, operation);
      break;
    case "dispute_resolve":
      resolveDispute(state, operation);
  }
}

function disputeOf(state: State, id: DisputeId): Dispute {
  const dispute = state.disputes.get(disputeKey(id));
  ensure(dispute !== undefined, "AccountOwnedByWrongProgram");
  return dispute;
}

function roundOf(state: State, number: bigint): Round {
  const round = state.rounds.get(number);
  ensure(round !== undefined && !round.closed, "AccountNotInitialized");
  return round;
}

const STEP_SECONDS = 10n;
const SPARE_STEPS = 16;
const DEPOSIT_DIVISOR = 16n;

function open(state: State, operation: OperationOf<"dispute_open">): void {
  const { federation, now } = state;
  const { by: challenger, round: number, kind, index, from, receipt } = operation;
  const round = roundOf(state, number);
  const id = { round: number, challenger, kind, index };
  ensure(!state.disputes.has(disputeKey(id)), "AlreadyInUse");
  ensure(from !== "foreign", "WrongMint");
  ensure(!hasDropped(federation, round), "RoundSettled");
  ensure(round.status === "committed", "RoundNotCommitted");
  ensure(now < round.challengeEndsAt, "ChallengeWindowOver");
  ensure(kind !== "envelope" || index < round.updateCount, "BadProof");
  const leafCount = kind === "total" ? round.leaves.length : round.updateCount;
  ensure(kind !== "total" || leafCount > 0, "NothingToDispute");
  ensure(kind !== "omission" || receipt.signed, "WrongSigner");
  const share = federation.minimumBond / DEPOSIT_DIVISOR;
  const deposit = share > 1n ? share : 1n;
  transfer(state, from, "escrow", deposit);
  federation.deposits += deposit;
  round.openDisputes += 1;
  const demandSeconds = round.challengeWindow < 5n ? 5n : round.challengeWindow;
  const dispute: Dispute = {
    ...id,
    deposit,
    expiresAt: now + BigInt(2 * leafCount + SPARE_STEPS) * STEP_SECONDS,
    demandSeconds,
    demandDeadline: 0n,
    leafCount,
    nextLeaf: 0,
    lies: 0,
    target: kind === "omission" ? receipt.owner : null,
    sequence: kind === "omission" ? receipt.sequence : 0n,
    low: 0,
    high: leafCount,
    decided: null,
    fault: null,
  };
  // whose envelope is asked for answers at once, or loses
  if (kind === "envelope") demand(state, dispute);
  state.disputes.set(disputeKey(id), dispute);
}

function demand({ now }: State, dispute: Dispute): void {
  dispute.demandDeadline = now + dispute.demandSeconds;
  dispute.expiresAt += dispute.demandSeconds;
}

function lacksLeaf({ kind, decided, nextLeaf, leafCount }: Dispute): boolean {
  return kind === "total" && decided === null && nextLeaf < leafCount;
}

function checkSteppable({ now }: State, dispute: Dispute): void {
  ensure(dispute.decided === null, "DisputeDecided");
  ensure(dispute.demandDeadline === 0n, "DemandPending");
  ensure(now <= dispute.expiresAt, "DisputeExpired");
}

function checkAnswerable({ now }: State, dispute: Dispute): void {
  ensure(dispute.decided === null, "DisputeDecided");
  ensure(dispute.demandDeadline !== 0n, "NothingDemanded");
  ensure(now <= dispute.demandDeadline, "AnswerTooLate");
}

function fold(state: State, { by, dispute: id, leaves, lie }: OperationOf<"dispute_rewards">): void {
  const dispute = disputeOf(state, id);
  ensure(by === dispute.challenger, "NotChallenger");
  checkSteppable(state, dispute);
  for (let leaf = 0; leaf < leaves; leaf++) {
    ensure(lacksLeaf(dispute), "LeafNotExpected");
    if (lie) dispute.lies += 1;
    ensure(takeLeaf(state, dispute), "BadProof");
  }
}

/** Leaves before the member's place raise the lower bound, those after it lower the upper one. */
function narrow(state: State, { by, dispute: id, position }: OperationOf<"dispute_narrow">): void {
  const dispute = disputeOf(state, id);
  ensure(by === dispute.challenger, "NotChallenger");
  checkSteppable(state, dispute);
  ensure(dispute.kind === "omission", "WrongKind");
  const leaf = positions(state, roundOf(state, id.round))[position];
  ensure(leaf !== undefined, "BadProof");
  const target = dispute.target === null ? -1 : OWNERS.indexOf(dispute.target);
  if (leaf === target) {
    // a receipt for the leaf's own sequence is for another envelope than the leaf's
    ensure(dispute.sequence >= SEQUENCE, "LeafAgrees");
    uphold(dispute);
    return;
  }
  if (state.order.indexOf(leaf) < state.order.indexOf(target)) {
    dispute.low = Math.max(dispute.low, position + 1);
  } else {
    dispute.high = Math.min(dispute.high, position);
  }
  if (dispute.low >= dispute.high) uphold(dispute);
}

function uphold(dispute: Dispute): void {
  dispute.decided = "upheld";
  dispute.fault = "member-omitted";
}

/** Takes the next leaf; false if it was the last one and not all of them are in the tree. */
function takeLeaf(state: State, dispute: Dispute): boolean {
  dispute.nextLeaf += 1;
  if (dispute.nextLeaf < dispute.leafCount) return true;
  const { leaves, cumulative } = roundOf(state, dispute.round);
  const sum = leaves.reduce((total, leaf) => total + leaf.cumulative, 0n);
  if (sum + BigInt(dispute.lies) !== cumulative) dispute.fault = "total-mismatch";
  return dispute.lies === 0;
}

function answer(state: State, dispute: Dispute): void {
  checkAnswerable(state, dispute);
  ensure(lacksLeaf(dispute), "WrongAnswer");
  // the answer is proven, so a root that does not match is the challenger's doing
  if (!takeLeaf(state, dispute)) dispute.decided = "rejected";
  endDemand(state, dispute);
}

/** Only the time that was waited for an answer prolongs a dispute. */
function endDemand({ now }: State, dispute: Dispute): void {
  dispute.expiresAt -= dispute.demandDeadline - now;
  dispute.demandDeadline = 0n;
}

function showEnvelope(state: State, { dispute: id, key }: OperationOf<"dispute_envelope">): void {
  const dispute = disputeOf(state, id);
  const owner = OWNERS[id.index];
  ensure(owner !== undefined, "AccountNotInitialized");
  checkSigner(memberOf(state, owner), id.round, key);
  ensure(dispute.kind === "envelope", "WrongKind");
  checkAnswerable(state, dispute);
  dispute.decided = "rejected";
  endDemand(state, dispute);
}

function resolveDispute(state: State, { dispute: id, to }: OperationOf<"dispute_resolve">): void {
  const { federation } = state;
  const round = roundOf(state, id.round);
  const dispute = disputeOf(state, id);
  ensure(to !== "foreign", "WrongMint");
  ensure(to === null || to === dispute.challenger, "WrongTokenOwner");
  const isVoid = round.status === "void" || hasDropped(federation, round);
  const verdict = isVoid ? "moot" : verdictOf(state, dispute);
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

/** Whether the dispute can end now: it is decided, or its round is void. */
export function isResolvable(state: State, dispute: Dispute): boolean {
  const round = roundOf(state, dispute.round);
  return round.status === "void" || hasDropped(state.federation, round) || verdictOf(state, dispute) !== null;
}

function verdictOf({ now }: State, dispute: Dispute): "upheld" | "rejected" | null {
  if (dispute.decided !== null) return dispute.decided;
  if (dispute.demandDeadline !== 0n) return now <= dispute.demandDeadline ? null : "upheld";
  if (dispute.kind === "total" && !lacksLeaf(dispute)) return dispute.fault === null ? "rejected" : "upheld";
  return now > dispute.expiresAt ? "rejected" : null;
}
