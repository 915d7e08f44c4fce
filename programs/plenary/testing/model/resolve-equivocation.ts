import type { Operation } from "./operations.ts";
import { keyAt } from "./predict-equivocation.ts";
import { ACTORS, type Actor, type Equivocation, type Owner, type State } from "./state.ts";
import { FLAWS, pick, type Step } from "./steps.ts";

/** Reports an owner's two envelopes, one after the other, for a round in which it takes part. */
export function resolveEquivocation(state: State, step: Step, owner: Owner): Operation {
  if (step.name === "equivocation_open") {
    const round = state.members.get(owner)?.joinedRound ?? 1n;
    const about = {
      owner,
      round: round + BigInt(step.near % 2),
      reporter: pick<Actor>(step.by, "stranger", ACTORS),
    };
    return {
      name: step.name,
      by: about.reporter,
      owner,
      round: about.round,
      key: keyOf(state, step, about),
    };
  }
  const records = [...state.equivocations.values()];
  const record = records[step.subject % Math.max(records.length, 1)] ?? {
    reporter: "stranger",
    owner,
    round: 1n,
  };
  return {
    name: "member_equivocation",
    by: pick<Actor>(step.by, record.reporter, ACTORS),
    owner: record.owner,
    round: record.round,
    key: keyOf(state, step, record),
    same: step.flaw === FLAWS,
    to: step.flaw === FLAWS + 1 ? "foreign" : record.reporter,
  };
}

function keyOf(state: State, step: Step, { owner, round }: Equivocation): number {
  return step.flaw === FLAWS + 2 ? 9 : (keyFor(state, owner, round) ?? 1);
}

function keyFor({ members }: State, owner: Owner, round: bigint): number | null {
  const member = members.get(owner);
  return member === undefined ? null : keyAt(member, round);
}
