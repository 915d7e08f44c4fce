import { roundOf } from "./dispute-clock.ts";
import { verdictOf } from "./predict-dispute.ts";
import { isIn, keyAt } from "./predict-equivocation.ts";
import { missing } from "./predict-folding.ts";
import { agrees } from "./predict-search.ts";
import { type Dispute, OWNERS, type State } from "./state.ts";
import type { Step } from "./steps.ts";

/** The next step towards the end of a dispute; for some disputes, it is to wait. */
export function nextStep(state: State, dispute: Dispute): Step["name"] {
  if (verdictOf(state, dispute) !== null) return "dispute_resolve";
  const { kind, demandDeadline, target } = dispute;
  if (kind === "envelope") return keyFor(state, dispute) === null ? "wait" : "dispute_envelope";
  if (demandDeadline !== 0n) return "dispute_answer";
  if (target !== null)
    return agrees(roundOf(state, dispute.round), dispute) ? "wait" : "dispute_narrow";
  if (missing(dispute) !== "leaf") return "dispute_chunk";
  return kind === "total" ? "dispute_rewards" : "dispute_leaf";
}

/** Whether a step can advance a dispute. */
export function suits(state: State, dispute: Dispute, name: Step["name"]): boolean {
  const next = nextStep(state, dispute);
  if (name === "dispute_demand") return next !== "dispute_answer" && missing(dispute) !== null;
  if (name === "dispute_probe" && dispute.kind === "chunk")
    return next === "dispute_leaf" && dispute.nextLeaf === 0;
  return name === next;
}

/** How long to wait with a dispute: until the last second of a deadline, or past it. */
export function patience(
  { now }: State,
  { demandDeadline, expiresAt }: Dispute,
  past: boolean,
): bigint {
  const left = (demandDeadline === 0n ? expiresAt : demandDeadline) - now;
  return (left > 0n ? left : 0n) + (past ? 1n : 0n);
}

/** The key that must have signed a leaf's envelope; null if no member could sign it. */
export function keyFor(
  { members }: State,
  { round, index }: Pick<Dispute, "round" | "index">,
): number | null {
  const member = members.get(OWNERS[index]!);
  return member === undefined || !isIn(member, round) ? null : keyAt(member, round);
}
