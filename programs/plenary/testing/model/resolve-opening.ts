import type { DisputeKind } from "@plenary/chain";
import { weightOfAll } from "./aggregate.ts";
import type { OperationOf } from "./operations.ts";
import { isChunkRight } from "./predict-dispute.ts";
import { earnedBefore } from "./predict-opening.ts";
import { RULES } from "./rules.ts";
import { type Actor, OWNERS, type Round, type State } from "./state.ts";
import { FLAWS, type Step } from "./steps.ts";

type Opening = OperationOf<"dispute_open">;
type Subject = Pick<Opening, "kind" | "index">;

/** A dispute about a fault of the round; at times, or if it has no fault, about anything in it. */
export function opening(state: State, step: Step, number: bigint): Opening {
  const by: Actor = step.near % 2 === 0 ? "stranger" : "heir";
  const round = state.rounds.get(number);
  const found = round === undefined ? [] : findings(state, round);
  const informed =
    step.subject % 4 > 0 ? found[step.amount % Math.max(found.length, 1)] : undefined;
  return {
    name: "dispute_open",
    by,
    round: number,
    ...(informed ?? anySubject(state, step, round)),
    from: step.flaw > FLAWS + 1 ? "foreign" : by,
    receipt: {
      owner: OWNERS[step.subject % OWNERS.length]!,
      sequence: BigInt(step.near % 3),
      signed: step.flaw !== FLAWS,
    },
    earned: {
      base: baseFor(step, round?.baseRound ?? 0n),
      lie: step.flaw === FLAWS,
    },
  };
}

const KINDS: readonly DisputeKind[] = [
  "chunk",
  "shortfall",
  "total",
  "omission",
  "envelope",
  "chunk",
  "shortfall",
];

/** Mostly about a chunk or leaf that exists. */
function anySubject(state: State, step: Step, round: Round | undefined): Subject {
  const drawn = KINDS[step.amount % KINDS.length]!;
  // Nobody has earned rewards before the first round.
  const isFirst = round?.baseRound === 0n && step.near < FLAWS;
  const kind = drawn === "shortfall" && isFirst ? "envelope" : drawn;
  const index = Math.floor(step.amount / KINDS.length);
  if (kind === "omission" || kind === "total") return { kind, index: 0 };
  const count = { chunk: 2, envelope: 4, shortfall: round ? earnedBefore(state, round).length : 0 }[
    kind
  ];
  return { kind, index: step.near === FLAWS ? count + 1 : index % Math.max(count, 1) };
}

/** The base round's account, which is left out if there is none; at times another one. */
function baseFor(step: Step, base: bigint): bigint | null {
  if (step.near > FLAWS) return [base + 1n, null, 0n][step.near - FLAWS - 1]!;
  return base === 0n ? null : base;
}

/** The provable faults of a committed round. */
export function findings(state: State, round: Round): Subject[] {
  if (round.status !== "committed") return [];
  const found: Subject[] = [];
  for (const [index, before] of earnedBefore(state, round).entries()) {
    const now = round.leaves.find(({ owner }) => owner === before.owner);
    if (now === undefined || now.cumulative < before.cumulative)
      found.push({ kind: "shortfall", index });
  }
  const { provable } = RULES[round.rules];
  const heavier = weightOfAll(round, round.updateCount) !== round.totalWeight;
  // A wrong weight shows in every chunk; one is enough.
  for (const index of [0, 1])
    if (provable && (!isChunkRight(round, index) || (heavier && index === 0)))
      found.push({ kind: "chunk", index });
  const sum = round.leaves.reduce((total, { cumulative }) => total + cumulative, 0n);
  if (sum !== round.cumulative) found.push({ kind: "total", index: 0 });
  return found;
}
