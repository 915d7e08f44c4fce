import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { seeds } from "../../../test/nightly.ts";
import { instructionsFor } from "../testing/model/instructions.ts";
import { Observer } from "../testing/model/observe.ts";
import type { Operation } from "../testing/model/operations.ts";
import { predict } from "../testing/model/predict.ts";
import { isShown, verdictOf } from "../testing/model/predict-dispute.ts";
import { resolve } from "../testing/model/resolve.ts";
import {
  type DisputeId,
  disputeKey,
  initialState,
  OWNERS,
  type State,
} from "../testing/model/state.ts";
import { OPERATIONS, type Sequence, sequences } from "../testing/model/steps.ts";
import { leafOrder } from "../testing/model/updates-tree.ts";
import { Ground, type World } from "../testing/model/world.ts";

/*
 * Random sequences of instructions, in the compiled program and in a model of it. Each instruction
 * must succeed, or fail with the error that the model predicts, and leave every account and balance
 * as the model does. A failure prints its seed. PLENARY_SEEDS=that seed runs it again and prints
 * the shortest sequence of operations that shows it.
 */

const ground = new Ground();
/** How often each instruction succeeded, and was refused with each error. */
const outcomes = new Map<string, number>();

/** Runs one sequence; throws at the first difference, with the operations up to it. */
function live({ terms, rules, token2022, steps }: Sequence): void {
  const world = ground.begin(terms, rules, token2022);
  const observer = new Observer(world);
  let state = initialState(terms, rules, world.chain.now, leafOrder(world));
  const done: string[] = [];
  for (const step of steps) {
    const operation = resolve(state, step);
    const predicted = predict(state, operation);
    done.push(`${print(operation)} -> ${predicted.error ?? "done"}`);
    try {
      assert.equal(run(world, state, operation), predicted.error, "outcome");
      // The chain guarantees that a refusal changes nothing; the comparison at the end would show
      // it.
      if (predicted.error === null) compare(observer, state, predicted.state, operation);
    } catch (difference) {
      throw new Error(`${rules} ${print(terms)}\n${done.join("\n")}\n${String(difference)}`);
    }
    const outcome = `${operation.name} ${predicted.error ?? manner(state, operation)}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    state = predicted.state;
  }
  compareAll(observer, state);
}

/** How an instruction succeeded, if there is more than one way. */
function manner(before: State, operation: Operation): string {
  if (operation.name === "member_join" && before.federation.approved && operation.approver === null)
    return "by admission";
  if (operation.name !== "dispute_resolve") return "done";
  const dispute = before.disputes.get(disputeKey(operation.dispute));
  assert.ok(dispute);
  const verdict = verdictOf(before, dispute);
  return `${dispute.kind} ${verdict}${verdict === "moot" || isShown(dispute) ? "" : " by silence"}`;
}

/**
 * Every way in which a dispute can end. Only waiting shows that an envelope is missing, or that a
 * leaf exists.
 */
const VERDICTS = [
  "chunk upheld",
  "chunk rejected",
  "envelope upheld by silence",
  "envelope rejected",
  "omission upheld",
  "omission rejected by silence",
  "shortfall upheld",
  "shortfall rejected by silence",
  "total upheld",
  "total rejected",
];

function run(world: World, state: State, operation: Operation): string | null {
  if (operation.name === "wait") {
    world.chain.now += operation.seconds;
    return null;
  }
  return world.send(instructionsFor(world, state, operation));
}

/** Compares every balance, the federation, and the operation's member and round. */
function compare(observer: Observer, before: State, state: State, operation: Operation): void {
  compareBalances(observer, state);
  if ("owner" in operation)
    assert.deepEqual(observer.member(operation.owner), state.members.get(operation.owner));
  if ("round" in operation) compareRound(observer, state, operation.round);
  if (operation.name === "dispute_open") {
    const { round, by: challenger, kind, index } = operation;
    compareDispute(observer, before, state, { round, challenger, kind, index });
  }
  if ("dispute" in operation) {
    compareDispute(observer, before, state, operation.dispute);
    compareRound(observer, state, operation.dispute.round);
  }
}

function compareBalances(observer: Observer, state: State): void {
  assert.deepEqual(observer.tokens(), state.tokens);
  assert.deepEqual(observer.federation(), state.federation);
}

function compareRound(observer: Observer, state: State, number: bigint): void {
  const expected = state.rounds.get(number);
  const observed = observer.round(number);
  if (expected === undefined || expected.closed) {
    assert.equal(observed, undefined);
  } else {
    const { leaves: _leaves, closed: _closed, ...account } = expected;
    assert.deepEqual(observed, account);
  }
}

/** `before` has the address of a dispute that is closed now. */
function compareDispute(observer: Observer, before: State, state: State, id: DisputeId): void {
  const expected = state.disputes.get(disputeKey(id));
  const observed = observer.dispute(before, id);
  if (expected === undefined) {
    assert.equal(observed, undefined);
  } else {
    const { lies: _lies, demandSeconds: _seconds, probes: _probes, pending, ...account } = expected;
    assert.deepEqual(observed, { ...account, chunkPending: pending !== null });
  }
}

function compareAll(observer: Observer, state: State): void {
  compareBalances(observer, state);
  for (const owner of OWNERS) assert.deepEqual(observer.member(owner), state.members.get(owner));
  for (const number of state.rounds.keys()) compareRound(observer, state, number);
  for (const dispute of state.disputes.values()) compareDispute(observer, state, state, dispute);
}

function print(value: object): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === "bigint" ? `${field}` : field,
  );
}

const drawn = seeds(100, 10_000);

test(`${drawn.length} random sequences of instructions do what the model predicts, to the last balance`, () => {
  for (const seed of drawn) {
    // Finding the shortest sequence takes minutes, so only the run of a failed seed does it.
    const run = fc.check(fc.property(sequences, live), {
      seed,
      numRuns: 1,
      endOnFailure: drawn.length > 1,
    });
    if (run.failed)
      throw new Error(
        `PLENARY_SEEDS=${seed}, after ${run.numShrinks} shrinks: ${String(run.errorInstance)}`,
      );
  }
  // A few named seeds need not cover everything, but a sample must, or it proves little.
  if (drawn.length < 100) return;
  const others = OPERATIONS.filter((name) => name !== "dispute_resolve").map(
    (name) => `${name} done`,
  );
  for (const wanted of [
    "member_join by admission",
    "dispute_open RulesReplayOnly",
    ...others,
    ...VERDICTS.map((verdict) => `dispute_resolve ${verdict}`),
  ])
    assert.ok(outcomes.has(wanted), `never: ${wanted}`);
});

after(() => {
  const lines = [...outcomes]
    .sort()
    .map(([outcome, count]) => `  ${String(count).padStart(7)} ${outcome}`);
  console.log(`outcomes\n${lines.join("\n")}`);
});
