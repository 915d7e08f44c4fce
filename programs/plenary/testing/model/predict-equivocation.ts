import type { EquivocationOperation, OperationOf } from "./operations.ts";
import { leave, memberOf } from "./predict-member.ts";
import { ensure, transfer } from "./refusal.ts";
import { equivocationKey, type Member, type State } from "./state.ts";

/** Reports the first of two envelopes with one sequence, and the second, which costs the stake. */
export function applyEquivocation(state: State, operation: EquivocationOperation): void {
  const { by: reporter, owner, round, key } = operation;
  const member = memberOf(state, owner);
  const record = { reporter, owner, round };
  const at = equivocationKey(record);
  if (operation.name === "equivocation_open") {
    ensure(!state.equivocations.has(at), "AlreadyInUse");
    checkSigner(member, round, key);
    state.equivocations.set(at, record);
    return;
  }
  ensure(state.equivocations.has(at), "AccountNotInitialized");
  ensure(operation.to !== "foreign", "WrongMint");
  checkSigner(member, round, key);
  ensure(!operation.same, "EnvelopesAgree");
  slash(state, member, operation);
  state.equivocations.delete(at);
}

/**
 * Requires an envelope of a round in which the member takes part, signed with its key of that
 * round.
 */
export function checkSigner(member: Member, round: bigint, key: number): void {
  ensure(isIn(member, round), "MessageMismatch");
  ensure(keyAt(member, round) === key, "WrongSigner");
}

export function isIn({ joinedRound, exitRound }: Member, round: bigint): boolean {
  return joinedRound <= round && (exitRound === 0n || round < exitRound);
}

export function keyAt({ keySince, updateKey, previousKey }: Member, round: bigint): number | null {
  return round >= keySince ? updateKey : previousKey;
}

function slash(state: State, member: Member, { to }: OperationOf<"member_equivocation">): void {
  const { stake } = member;
  ensure(stake > 0n, "NothingToSlash");
  member.equivocations += 1;
  if (member.exitRequestedAt === 0n) leave(state, member);
  member.stake = 0n;
  state.federation.stakes -= stake;
  transfer(state, "escrow", to, stake / 2n);
  transfer(state, "escrow", "vault", stake - stake / 2n);
}
