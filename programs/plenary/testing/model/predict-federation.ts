import type { OperationOf } from "./operations.ts";
import { ensure, transfer } from "./refusal.ts";
import { free, type State, type Terms } from "./state.ts";

type FederationOperation = OperationOf<
  | "donate"
  | "vault_fund"
  | "vault_withdraw"
  | "bond_deposit"
  | "bond_withdraw"
  | "federation_pause"
  | "federation_update"
  | "authority_propose"
  | "authority_accept"
>;

export function applyFederation(state: State, operation: FederationOperation): void {
  const { federation } = state;
  switch (operation.name) {
    case "donate":
      transfer(state, operation.by, operation.to, operation.amount);
      break;
    case "vault_fund":
      ensure(operation.from !== "foreign", "WrongMint");
      ensure(operation.amount > 0n, "ZeroAmount");
      transfer(state, operation.from, "vault", operation.amount);
      break;
    case "vault_withdraw":
      ensure(operation.by === federation.authority, "NotAuthority");
      ensure(operation.amount > 0n, "ZeroAmount");
      ensure(operation.to !== "foreign", "WrongMint");
      ensure(operation.to !== "escrow", "PayoutIsFederation");
      ensure(operation.amount <= free(state), "VaultBelowOwed");
      transfer(state, "vault", operation.to, operation.amount);
      break;
    case "bond_deposit":
      ensure(operation.by === federation.aggregator, "NotAggregator");
      ensure(operation.from !== "foreign", "WrongMint");
      ensure(operation.amount > 0n, "ZeroAmount");
      transfer(state, operation.from, "escrow", operation.amount);
      federation.bond += operation.amount;
      break;
    case "bond_withdraw":
      withdrawBond(state, operation);
      break;
    default:
      govern(state, operation);
  }
}

function withdrawBond(state: State, { by, to, amount }: OperationOf<"bond_withdraw">): void {
  const { federation } = state;
  ensure(by === federation.aggregator || by === federation.authority, "NotAggregator");
  ensure(to !== "foreign", "WrongMint");
  ensure(to === federation.aggregator, "WrongTokenOwner");
  ensure(amount > 0n, "ZeroAmount");
  ensure(federation.openRound === 0n && federation.pending.length === 0, "RoundsNotFinal");
  ensure(amount <= federation.bond, "BondTooSmall");
  federation.bond -= amount;
  transfer(state, "escrow", to, amount);
}

type Governing = OperationOf<
  "federation_pause" | "federation_update" | "authority_propose" | "authority_accept"
>;

function govern({ federation }: State, operation: Governing): void {
  if (operation.name === "authority_accept") {
    ensure(operation.by === federation.proposed, "NotProposedAuthority");
    federation.authority = operation.by;
    federation.proposed = null;
    return;
  }
  ensure(operation.by === federation.authority, "NotAuthority");
  switch (operation.name) {
    case "federation_pause":
      ensure(operation.paused !== federation.paused, "NothingToChange");
      federation.paused = operation.paused;
      break;
    case "authority_propose":
      federation.proposed = operation.proposed;
      break;
    case "federation_update":
      checkTerms(operation.terms);
      ensure(federation.openRound === 0n, "RoundInProgress");
      ensure(
        federation.pending.length === 0 || keepsDisputes(federation, operation.terms),
        "TermsInDispute",
      );
      ensure(
        operation.terms.aggregator === federation.aggregator || federation.bond === 0n,
        "BondInEscrow",
      );
      Object.assign(federation, operation.terms);
  }
}

/** Whether terms on which disputes depend stay the same. */
function keepsDisputes(now: Terms, next: Terms): boolean {
  return next.aggregator === now.aggregator && next.minimumBond === now.minimumBond;
}

const LONGEST = 60n * 24n * 60n * 60n;

/** Checks that terms are in range, at creation and at each change. */
function checkTerms(terms: Terms): void {
  ensure(terms.maxUpdates >= 1 && terms.maxUpdates <= 4096, "MaxUpdatesOutOfRange");
  ensure(
    terms.maxWeight > 0 && terms.maxUpdates * terms.maxWeight < 2 ** 26,
    "WeightLimitExceeded",
  );
  ensure(terms.collectLimit > 0n, "DurationOutOfRange");
  for (const seconds of [
    terms.challengeWindow,
    terms.collectLimit,
    terms.grace,
    terms.exitCooldown,
  ])
    ensure(seconds <= LONGEST, "DurationOutOfRange");
  ensure(terms.exitCooldown >= terms.challengeWindow, "CooldownTooShort");
}
