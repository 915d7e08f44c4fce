import { roundOf, startDemand } from "./dispute-clock.ts";
import type { OperationOf } from "./operations.ts";
import { hasDropped } from "./predict-round.ts";
import { ensure, transfer } from "./refusal.ts";
import { RULES } from "./rules.ts";
import {
  type Dispute,
  type DisputeId,
  disputeKey,
  type Leaf,
  type Round,
  type State,
} from "./state.ts";

type Opening = OperationOf<"dispute_open">;

const STEP_SECONDS = 10n;
const SPARE_STEPS = 16;
const DEPOSIT_DIVISOR = 16n;
export const CHUNKS = 2;

export function open(state: State, operation: Opening): void {
  const { federation, now } = state;
  const { by: challenger, round: number, kind, index, from, earned } = operation;
  const round = roundOf(state, number);
  const id = { round: number, challenger, kind, index };
  const base = kind === "shortfall" ? earned.base : null;
  // Existing accounts are read first, then the dispute is made, then constraints are checked.
  if (base !== null) roundOf(state, base);
  ensure(!state.disputes.has(disputeKey(id)), "AlreadyInUse");
  ensure(from !== "foreign", "WrongMint");
  ensure(base === null || base === round.baseRound, "WrongBase");
  ensure(!hasDropped(federation, round), "RoundSettled");
  ensure(round.status === "committed", "RoundNotCommitted");
  ensure(now < round.challengeEndsAt, "ChallengeWindowOver");
  const dispute = begin(state, round, id);
  if (kind === "omission") searchForUpdate(dispute, operation);
  if (kind === "shortfall") searchForPay(state, dispute, operation);
  transfer(state, from, "escrow", dispute.deposit);
  federation.deposits += dispute.deposit;
  round.openDisputes += 1;
  state.disputes.set(disputeKey(id), dispute);
}

function begin(state: State, round: Round, id: DisputeId): Dispute {
  const { kind, index } = id;
  ensure(kind !== "chunk" || RULES[round.rules].provable, "RulesReplayOnly");
  ensure(kind !== "chunk" || index < CHUNKS, "NoSuchChunk");
  ensure(kind !== "envelope" || index < round.updateCount, "BadProof");
  const leafCount =
    kind === "total" || kind === "shortfall" ? round.leaves.length : round.updateCount;
  ensure(kind !== "total" || leafCount > 0, "NothingToDispute");
  const share = state.federation.minimumBond / DEPOSIT_DIVISOR;
  const dispute: Dispute = {
    ...id,
    deposit: share > 1n ? share : 1n,
    expiresAt: state.now + BigInt(2 * leafCount + SPARE_STEPS) * STEP_SECONDS,
    demandSeconds: round.challengeWindow < 5n ? 5n : round.challengeWindow,
    demandDeadline: 0n,
    leafCount,
    nextLeaf: 0,
    lies: 0,
    pending: null,
    received: [],
    stateVectors: kind === "chunk" ? RULES[round.rules].stateVectors : 0,
    chunk: kind === "chunk" ? index : 0,
    probed: null,
    probes: 0,
    target: null,
    targetValue: 0n,
    low: 0,
    high: leafCount,
    decided: null,
    fault: "none",
  };
  // The aggregator must answer a demand for an envelope from the start.
  if (kind === "envelope") startDemand(state, dispute);
  return dispute;
}

function searchForUpdate(dispute: Dispute, { receipt }: Opening): void {
  ensure(receipt.signed, "WrongSigner");
  dispute.target = receipt.owner;
  dispute.targetValue = receipt.sequence;
}

function searchForPay(state: State, dispute: Dispute, { index, earned }: Opening): void {
  const round = roundOf(state, dispute.round);
  ensure(round.baseRound !== 0n, "NothingEarnedBefore");
  ensure(earned.base !== null, "BaseRoundMissing");
  const leaf = earnedBefore(state, round)[index];
  ensure(leaf !== undefined && !earned.lie, "BadProof");
  dispute.target = leaf.owner;
  dispute.targetValue = leaf.cumulative;
}

/** The rewards that a round builds on. */
export function earnedBefore(
  { rounds }: State,
  { baseRound }: Pick<Round, "baseRound">,
): readonly Leaf[] {
  return rounds.get(baseRound)?.leaves ?? [];
}
