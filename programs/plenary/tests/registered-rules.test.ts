import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type aggregators,
  CUSTOM_RULE,
  createAggregator,
  createStrategy,
  rulesOf,
  type strategies,
} from "@plenary/algorithms";
import { IDL, type Rules } from "@plenary/chain";
import fc from "fast-check";
import { seeds } from "../../../test/nightly.ts";
import { DisputedRound, disputable } from "../testing/disputed-round.ts";
import { REJECTED } from "../testing/open-dispute.ts";
import type { RoundPlan } from "../testing/round-plan.ts";
import { digest } from "../testing/test-chain.ts";

/*
 * Rounds that the registered plug-ins compute, as the service does, in the compiled program: no
 * dispute about a chunk may slash them. A plug-in that is added without a configuration here does
 * not compile.
 */

type Configuration = { readonly name: string; readonly [parameter: string]: unknown };

const AGGREGATORS: Record<keyof typeof aggregators, readonly Configuration[]> = {
  mean: [{ name: "mean" }],
};
const STRATEGIES: Record<keyof typeof strategies, readonly Configuration[]> = {
  fedavg: [{ name: "fedavg" }],
  fedavgm: [0, 58_982, 65_535].map((momentum) => ({ name: "fedavgm", momentum })),
};

/** Two chunks, the second of which is padded. */
const PARAMETERS = 70;

function vector(limit: number): fc.Arbitrary<Int32Array> {
  const entry = fc.integer({ min: -limit, max: limit });
  return fc
    .array(entry, { minLength: PARAMETERS, maxLength: PARAMETERS })
    .map((entries) => Int32Array.from(entries));
}

/** Rounds with values up to the limits; some of the updates are refused, but not all. */
function plansOf(rules: Rules): fc.Arbitrary<RoundPlan> {
  const update = fc.record({
    delta: vector(2 ** 27 - 1),
    weight: fc.integer({ min: 0, max: 200_000 }),
  });
  return fc.record({
    rules: fc.constant(rules),
    base: vector(2 ** 31 - 1),
    state: rules.stateVectors === 0 ? fc.constant(new Int32Array()) : vector(2 ** 31 - 1),
    updates: fc
      .array(update, { minLength: 1, maxLength: 4 })
      .filter((updates) => updates.some(({ weight }) => weight > 0))
      .map((updates) => updates.map((each, i) => ({ ...each, member: digest(`member ${i}`) }))),
  });
}

describe("an honest round is never slashed", () => {
  for (const aggregator of Object.values(AGGREGATORS).flat())
    for (const strategy of Object.values(STRATEGIES).flat())
      test(`${aggregator.name}, ${JSON.stringify(strategy)}`, () => {
        const rules = rulesOf({ aggregator, strategy });
        for (const seed of seeds(6, 500))
          fc.assert(
            fc.property(plansOf(rules), (plan) => disputeAll(plan, aggregator, strategy)),
            { seed, numRuns: 1 },
          );
      });
});

test("the registry and the program agree on the code of a custom rule", () => {
  const constant = IDL.constants?.find(({ name }) => name === "CUSTOM_RULE");
  assert.equal(constant?.value, String(CUSTOM_RULE));
});

test("every rule that the program knows is registered", () => {
  const codes = (rules: readonly { readonly rule: { readonly code: number } }[]) =>
    [...new Set(rules.map(({ rule }) => rule.code))].filter((code) => code !== CUSTOM_RULE).sort();
  const all = (configurations: Readonly<Record<string, readonly Configuration[]>>) =>
    Object.values(configurations).flat();
  // tests/rules.test.ts finds out which codes the program accepts
  assert.deepEqual(codes(all(AGGREGATORS).map((each) => createAggregator(each))), [0]);
  assert.deepEqual(codes(all(STRATEGIES).map((each) => createStrategy(each))), [0, 1]);
});

/** Commits what the plug-ins compute, and disputes every chunk of it. */
function disputeAll(plan: RoundPlan, aggregator: Configuration, strategy: Configuration): void {
  const counted = plan.updates.filter(({ weight }) => weight > 0);
  const aggregate = createAggregator(aggregator).aggregate(counted);
  const state = plan.rules.stateVectors === 0 ? [] : [plan.state];
  const step = createStrategy(strategy).apply(plan.base, aggregate, state);
  const scenario = disputable(plan);
  const round = new DisputedRound(scenario, plan, {
    next: (next) => next.set(step.next),
    nextState: (next) => next.set(step.state[0] ?? []),
  });
  for (const index of [0, 1]) {
    if (!plan.rules.provable) {
      const challenger = scenario.challenger();
      const open = round.openInstruction(challenger, { kind: "chunk", index });
      scenario.refuse("RulesReplayOnly", open, [challenger]);
      continue;
    }
    const dispute = round.challenge({ kind: "chunk", index });
    dispute.feedAll();
    assert.equal(dispute.resolve().verdict, REJECTED);
  }
  assert.equal(scenario.round(round.number).status, "committed");
}
