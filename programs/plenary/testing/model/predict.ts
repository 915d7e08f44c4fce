import {
  type DisputeOperation,
  type EquivocationOperation,
  isOfDispute,
  isOfEquivocation,
  isOfRound,
  type Operation,
  type RoundOperation,
} from "./operations.ts";
import { applyDispute } from "./predict-dispute.ts";
import { applyEquivocation } from "./predict-equivocation.ts";
import { applyFederation } from "./predict-federation.ts";
import { applyMember } from "./predict-member.ts";
import { applyRound } from "./predict-round.ts";
import { Refusal } from "./refusal.ts";
import { held, owed, type State } from "./state.ts";

/** The expected outcome: the name of the error, or the resulting state. */
export interface Prediction {
  readonly error: string | null;
  readonly state: State;
}

/**
 * The program as its documentation describes it, written again without addresses and bytes: an
 * oracle for the compiled program. Checks are in the program's order, so that it also predicts the
 * name of the error.
 */
export function predict(before: State, operation: Operation): Prediction {
  const state = structuredClone(before);
  try {
    apply(state, operation);
  } catch (error) {
    if (error instanceof Refusal) return { error: error.name, state: before };
    throw error;
  }
  checkSolvency(state);
  return { error: null, state };
}

function apply(state: State, operation: Operation): void {
  if (isOfDispute(operation)) applyDispute(state, operation);
  else if (isOfEquivocation(operation)) applyEquivocation(state, operation);
  else if (isOfRound(operation)) applyRound(state, operation);
  else applyOther(state, operation);
}

function applyOther(
  state: State,
  operation: Exclude<Operation, DisputeOperation | EquivocationOperation | RoundOperation>,
): void {
  switch (operation.name) {
    case "wait":
      state.now += operation.seconds;
      break;
    case "member_join":
    case "member_rotate_key":
    case "payout_update":
    case "member_exit":
    case "member_withdraw":
    case "member_close":
    case "reward_claim":
      applyMember(state, operation);
      break;
    default:
      applyFederation(state, operation);
  }
}

/** Checks what must hold after every instruction in the model itself. */
function checkSolvency(state: State): void {
  if (state.tokens.vault < owed(state))
    throw new Error("The model's vault holds less than it owes.");
  if (state.tokens.escrow < held(state))
    throw new Error("The model's escrow holds less than it keeps.");
}
