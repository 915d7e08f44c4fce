import { NO_KEY, type OperationOf } from "./operations.ts";
import { ensure, transfer } from "./refusal.ts";
import { type Member, type Owner, oldestUnsettled, type State } from "./state.ts";

type MemberOperation = OperationOf<
  | "member_join"
  | "member_rotate_key"
  | "payout_update"
  | "member_exit"
  | "member_withdraw"
  | "member_close"
  | "reward_claim"
>;

export function applyMember(state: State, operation: MemberOperation): void {
  switch (operation.name) {
    case "member_join":
      join(state, operation);
      break;
    case "reward_claim":
      claim(state, operation);
      break;
    default: {
      const member = memberOf(state, operation.owner);
      ensure(operation.by === operation.owner, "NotOwner");
      change(state, member, operation);
    }
  }
}

export function memberOf(state: State, owner: Owner): Member {
  const member = state.members.get(owner);
  ensure(member !== undefined, "AccountNotInitialized");
  return member;
}

function change(
  state: State,
  member: Member,
  operation: Exclude<MemberOperation, { name: "member_join" | "reward_claim" }>,
): void {
  const { federation } = state;
  switch (operation.name) {
    case "member_rotate_key":
      rotate(state, member, operation.key);
      break;
    case "payout_update":
      checkPayout(operation.payout);
      member.payout = operation.payout;
      break;
    case "member_exit":
      ensure(member.exitRequestedAt === 0n, "AlreadyExited");
      leave(state, member);
      break;
    case "member_withdraw":
      withdraw(state, member, operation);
      break;
    case "member_close":
      ensure(operation.rentPayer === "payer", "WrongRentPayer");
      ensure(member.exitRequestedAt !== 0n, "NotExited");
      ensure(member.stake === 0n, "StakeInEscrow");
      ensure(member.exitRound <= oldestUnsettled(federation), "MemberRoundsNotFinal");
      ensure(member.claimed === 0n, "ClaimsRecorded");
      state.members.delete(operation.owner);
  }
}

export function leave({ federation, now }: State, member: Member): void {
  member.exitRequestedAt = now;
  member.exitRound = federation.nextRound;
  federation.members -= 1;
}

function rotate({ federation }: State, member: Member, key: number): void {
  ensure(member.exitRequestedAt === 0n, "AlreadyExited");
  ensure(key !== NO_KEY, "AddressMissing");
  if (member.keySince < federation.nextRound) {
    ensure(member.keySince <= oldestUnsettled(federation), "KeyRotatedRecently");
    member.previousKey = member.updateKey;
    member.keySince = federation.nextRound;
  }
  member.updateKey = key;
}

function withdraw(
  state: State,
  member: Member,
  { owner, to }: OperationOf<"member_withdraw">,
): void {
  const { federation } = state;
  ensure(to !== "foreign", "WrongMint");
  ensure(to === owner, "WrongTokenOwner");
  ensure(member.exitRequestedAt !== 0n, "NotExited");
  ensure(state.now >= member.exitRequestedAt + federation.exitCooldown, "CooldownNotOver");
  ensure(member.stake > 0n, "NothingToWithdraw");
  ensure(member.exitRound <= oldestUnsettled(federation), "MemberRoundsNotFinal");
  federation.stakes -= member.stake;
  transfer(state, "escrow", to, member.stake);
  member.stake = 0n;
}

function checkPayout(payout: Member["payout"]): void {
  ensure(payout !== "foreign", "WrongMint");
  ensure(payout !== "vault" && payout !== "escrow", "PayoutIsFederation");
}

function checkApproval(
  { federation }: State,
  { owner, approver, admission }: OperationOf<"member_join">,
): void {
  if (!federation.approved || approver === federation.authority) return;
  ensure(approver === null && admission !== null, "ApprovalMissing");
  ensure(admission.by === federation.authority, "WrongSigner");
  ensure(admission.owner === owner, "MessageMismatch");
  ensure(!admission.over, "AdmissionOver");
}

function join(state: State, operation: OperationOf<"member_join">): void {
  const { federation } = state;
  const { owner, payout, key, stake } = operation;
  ensure(!federation.paused, "Paused");
  checkApproval(state, operation);
  ensure(key !== NO_KEY, "AddressMissing");
  ensure(stake >= federation.minimumStake, "StakeBelowMinimum");
  const before = state.members.get(owner);
  if (before !== undefined) {
    ensure(before.exitRequestedAt !== 0n, "AlreadyMember");
    ensure(before.stake === 0n, "StakeInEscrow");
    ensure(before.exitRound <= oldestUnsettled(federation), "MemberRoundsNotFinal");
  }
  checkPayout(payout);
  transfer(state, owner, "escrow", stake);
  federation.stakes += stake;
  federation.members += 1;
  state.members.set(owner, {
    updateKey: key,
    previousKey: null,
    keySince: federation.nextRound,
    payout,
    stake,
    joinedRound: federation.nextRound,
    exitRequestedAt: 0n,
    exitRound: 0n,
    claimed: before?.claimed ?? 0n,
    equivocations: before?.equivocations ?? 0,
  });
}

function claim(state: State, operation: OperationOf<"reward_claim">): void {
  const { federation } = state;
  const round = state.rounds.get(operation.round);
  ensure(round !== undefined && !round.closed, "AccountNotInitialized");
  const member = memberOf(state, operation.owner);
  ensure(round.status === "final", "RoundNotFinal");
  ensure(operation.payout === member.payout, "WrongPayout");
  const leaf = round.leaves[operation.index];
  ensure(leaf?.owner === operation.owner && leaf.cumulative === operation.cumulative, "BadProof");
  ensure(operation.cumulative > member.claimed, "NothingToClaim");
  const due = operation.cumulative - member.claimed;
  ensure(federation.totalClaimed + due <= federation.totalEarned, "ClaimedAboveEarned");
  member.claimed = operation.cumulative;
  federation.totalClaimed += due;
  transfer(state, "vault", member.payout, due);
}
