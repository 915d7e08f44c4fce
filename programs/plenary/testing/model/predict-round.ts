import type { OperationOf, Result, RoundOperation } from "./operations.ts";
import { ensure } from "./refusal.ts";
import { keepsState } from "./rules.ts";
import { owed, type Round, type State, sameState, sameVector } from "./state.ts";

const MAX_PENDING = 64;

export function applyRound(state: State, operation: RoundOperation): void {
  if (operation.name === "round_open") {
    open(state, operation);
    return;
  }
  const round = state.rounds.get(operation.round);
  ensure(round !== undefined && !round.closed, "AccountNotInitialized");
  switch (operation.name) {
    case "round_commit":
      ensure(operation.by === round.aggregator, "NotAggregator");
      commit(state, round, operation.result);
      break;
    case "audit_draw":
      ensure(operation.by === round.aggregator, "NotAggregator");
      ensure(round.status === "open", "RoundNotOpen");
      ensure(!round.audited, "AuditAlreadyDrawn");
      round.audited = true;
      break;
    case "round_finalize":
      finalize(state, round);
      break;
    case "round_void":
      voidRound(state, round);
      break;
    case "round_close":
      ensure(operation.by === state.federation.authority, "NotAuthority");
      ensure(operation.rentPayer === "payer", "WrongRentPayer");
      ensure(isObsolete(state, round), "RoundStillNeeded");
      round.closed = true;
  }
}

function open(
  state: State,
  { by, number, base, baseState, seconds }: OperationOf<"round_open">,
): void {
  const { federation, now } = state;
  ensure(by === federation.aggregator, "NotAggregator");
  ensure(!federation.paused, "Paused");
  ensure(number === federation.nextRound, "WrongRoundNumber");
  const isLast =
    sameVector(base, federation.lastModel) && sameState(baseState, federation.lastState);
  ensure(isLast, "WrongBase");
  ensure(seconds >= 1n && seconds <= federation.collectLimit, "CollectTimeOutOfRange");
  ensure(federation.bond >= federation.minimumBond, "BondBelowMinimum");
  ensure(federation.openRound === 0n, "RoundAlreadyOpen");
  ensure(federation.pending.length < MAX_PENDING, "TooManyPendingRounds");
  federation.nextRound += 1n;
  federation.openRound = number;
  ensure(state.tokens.vault >= owed(state), "VaultTooSmall");
  state.rounds.set(number, {
    number,
    status: "open",
    aggregator: federation.aggregator,
    rules: federation.rules,
    maxUpdates: federation.maxUpdates,
    maxWeight: federation.maxWeight,
    budget: federation.rewardPerRound,
    challengeWindow: federation.challengeWindow,
    baseRound: federation.lastCommittedRound,
    baseModel: federation.lastModel,
    baseState: federation.lastState,
    baseCumulative: federation.promised,
    deadline: now + seconds,
    commitBy: now + seconds + federation.grace,
    committedAt: 0n,
    challengeEndsAt: 0n,
    nextModel: null,
    nextState: null,
    audited: false,
    updateCount: 0,
    totalWeight: 0,
    leaves: [],
    cumulative: 0n,
    openDisputes: 0,
    closed: false,
  });
}

function commit(state: State, round: Round, result: Result): void {
  const { federation, now } = state;
  ensure(result.cumulative <= federation.totalClaimed + state.tokens.vault, "VaultTooSmall");
  ensure(round.status === "open", "RoundNotOpen");
  ensure(now <= round.commitBy, "CommitTooLate");
  checkResult(round, result);
  ensure(federation.openRound === round.number, "RoundNotCurrent");
  round.status = "committed";
  round.committedAt = now;
  round.challengeEndsAt = now + round.challengeWindow;
  round.nextModel = result.next;
  round.nextState = result.nextState;
  round.leaves = result.leaves;
  round.updateCount = result.updateCount;
  round.totalWeight = result.totalWeight;
  round.cumulative = result.cumulative;
  federation.openRound = 0n;
  federation.pending.push(round.number);
  federation.lastCommittedRound = round.number;
  federation.lastModel = round.nextModel;
  federation.lastState = round.nextState;
  federation.promised = round.cumulative;
}

function checkResult(round: Round, result: Result): void {
  const { updateCount, totalWeight, rewardCount, cumulative, leaves } = result;
  ensure(updateCount >= 1 && updateCount <= round.maxUpdates, "UpdateCountOutOfRange");
  const heaviest = updateCount * round.maxWeight;
  ensure(totalWeight >= 1 && totalWeight <= heaviest, "TotalWeightOutOfRange");
  ensure(cumulative >= round.baseCumulative, "RewardsFell");
  ensure(cumulative - round.baseCumulative <= round.budget, "BudgetExceeded");
  const empty = rewardCount === 0;
  ensure(empty === (cumulative === 0n) && empty === (leaves.length === 0), "RewardsTreeMismatch");
  ensure(keepsState(round.rules) || result.nextState === null, "StateNotEmpty");
}

function finalize({ federation, now }: State, round: Round): void {
  ensure(round.status === "committed", "RoundNotCommitted");
  ensure(now >= round.challengeEndsAt, "ChallengeWindowOpen");
  ensure(round.openDisputes === 0, "DisputeOpen");
  ensure(federation.pending[0] === round.number, "RoundOutOfOrder");
  round.status = "final";
  federation.pending.shift();
  federation.finalRound = round.number;
  federation.totalEarned = round.cumulative;
}

function voidRound(state: State, round: Round): void {
  const { federation, now } = state;
  const dropped = hasDropped(federation, round);
  ensure(round.status !== "final" && round.status !== "void", "RoundSettled");
  if (round.status === "open") ensure(dropped || now > round.commitBy, "CommitStillDue");
  else ensure(dropped, "RoundStands");
  round.status = "void";
  dropFrom(state, round);
}

/** Whether the round is neither open nor pending: settled, or built on a void round. */
export function hasDropped(
  { openRound, pending }: State["federation"],
  { number }: Round,
): boolean {
  return number !== openRound && !pending.includes(number);
}

/** Drops a round and all rounds that build on it. The next round has its base. */
export function dropFrom({ federation }: State, round: Round): void {
  const position = federation.pending.indexOf(round.number);
  if (position >= 0) {
    federation.pending.length = position;
    federation.lastCommittedRound = round.baseRound;
    federation.lastModel = round.baseModel;
    federation.lastState = round.baseState;
    federation.promised = round.baseCumulative;
    federation.openRound = 0n;
  } else if (federation.openRound === round.number) {
    federation.openRound = 0n;
  }
}

function isObsolete({ federation }: State, round: Round): boolean {
  if (round.status === "final") return round.number < federation.finalRound;
  return round.status === "void" && round.openDisputes === 0;
}
