import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Rules } from "@plenary/chain";
import { EMPTY_ROOT, vectorRoot } from "@plenary/protocol";
import { CUSTOM, FEDAVG, fedavgm } from "../../../testing/index.ts";
import { DisputedRound, disputable } from "../testing/disputed-round.ts";
import type { RoundPlan } from "../testing/round-plan.ts";
import { Scenario } from "../testing/scenario.ts";
import { digest, TestChain } from "../testing/test-chain.ts";

const CODES = Array.from({ length: 256 }, (_, code) => code);
const STATE = digest("a state");

/** The error of an attempt to create a federation with each of the rules; null if it succeeds. */
function creations(attempts: readonly Partial<Rules>[]): (string | null)[] {
  const fresh = new Scenario(new TestChain(), "rules");
  return attempts.map((changes, index) => {
    const rules = { ...FEDAVG, ...changes };
    const stateRoot = rules.stateVectors === 0 ? EMPTY_ROOT : STATE;
    const create = fresh.createInstruction({ id: BigInt(index), rules, stateRoot });
    return fresh.chain.send(create, [fresh.authority]).error;
  });
}

const parameters = (...values: number[]) => ({
  parameters: Array.from({ length: 8 }, (_, i) => values[i] ?? 0),
});

describe("the rules of a federation", () => {
  test("an aggregator, strategy or masking that the program does not know cannot be created", () => {
    const of = (name: "aggregator" | "strategy" | "masking", known: readonly number[]) => {
      const attempts = CODES.map((code) => ({
        [name]: code,
        provable: code !== 255,
        ...(name === "strategy" && { stateVectors: code === 1 ? 1 : 0 }),
      }));
      const created = creations(attempts).map((error, code) => (error === null ? code : error));
      assert.deepEqual(
        created,
        CODES.map((code) => (known.includes(code) ? code : "RuleUnknown")),
      );
    };
    of("aggregator", [0, 255]);
    of("strategy", [0, 1, 255]);
    of("masking", [0]);
  });

  test("statements about a known rule must be right", () => {
    const momentum = fedavgm(1);
    const cases: readonly [Partial<Rules>, string | null][] = [
      [{ provable: false }, "ProvableMismatch"],
      [{ ...CUSTOM, provable: true }, "ProvableMismatch"],
      [{ aggregator: 255 }, "ProvableMismatch"],
      [{ aggregator: 255, provable: false }, null],
      [{ aggregator: 255, provable: false, stateVectors: 1 }, "StateVectorsMismatch"],
      [{ stateVectors: 1 }, "StateVectorsMismatch"],
      [{ ...momentum, stateVectors: 0 }, "StateVectorsMismatch"],
      [{ ...momentum, stateVectors: 2 }, "StateVectorsMismatch"],
      [{ ...CUSTOM, stateVectors: 8 }, null],
      [{ ...CUSTOM, stateVectors: 9 }, "StateVectorsMismatch"],
      [parameters(1), "RuleParametersOutOfRange"],
      [parameters(0, 0, 0, 0, 0, 0, 0, 1), "RuleParametersOutOfRange"],
      [{ ...momentum, ...parameters(65_535) }, null],
      [{ ...momentum, ...parameters(65_536) }, "RuleParametersOutOfRange"],
      [{ ...momentum, ...parameters(2 ** 32 - 1) }, "RuleParametersOutOfRange"],
      [{ ...momentum, ...parameters(1, 1) }, "RuleParametersOutOfRange"],
      // The program does not check the parameters of a custom rule.
      [{ ...CUSTOM, ...parameters(1, 2, 3, 4, 5, 6, 7, 2 ** 32 - 1) }, null],
      [{ ...momentum, aggregator: 255, provable: false, ...parameters(1, 9) }, null],
      [
        { ...momentum, aggregator: 255, provable: false, ...parameters(65_536) },
        "RuleParametersOutOfRange",
      ],
    ];
    assert.deepEqual(
      creations(cases.map(([rules]) => rules)),
      cases.map(([, expected]) => expected),
    );
  });

  test("a strategy without state has the empty tree's root, at creation and in every round", () => {
    for (const rules of [FEDAVG, CUSTOM]) {
      const scenario = Scenario.ready("first", {}, new TestChain(), undefined, { rules });
      const { authority, aggregator } = scenario;
      const create = scenario.createInstruction({ id: 8n, rules, stateRoot: STATE });
      scenario.refuse("StateNotEmpty", create, [authority]);
      const number = scenario.open();
      const result = scenario.result(number, [], { nextStateRoot: STATE });
      scenario.refuse("StateNotEmpty", scenario.commitInstruction(number, result), [aggregator]);
    }
  });

  test("are copied to every round", () => {
    for (const rules of [FEDAVG, fedavgm(7), { ...CUSTOM, ...parameters(3), stateVectors: 2 }]) {
      const stateRoot = rules.stateVectors === 0 ? EMPTY_ROOT : STATE;
      const scenario = Scenario.ready("first", {}, new TestChain(), undefined, {
        rules,
        stateRoot,
      });
      assert.deepEqual(scenario.state().rules, rules);
      assert.deepEqual(scenario.round(scenario.open()).rules, rules);
    }
  });
});

describe("a dispute about a chunk", () => {
  const replayOnly: Record<string, Rules> = {
    "a custom strategy": CUSTOM,
    "a custom aggregator": { ...FEDAVG, aggregator: 255, provable: false },
    "a custom strategy with two state vectors": { ...CUSTOM, stateVectors: 2 },
  };
  for (const [name, rules] of Object.entries(replayOnly))
    test(`is refused for ${name}, while rounds run and other disputes can be opened`, () => {
      const base = Int32Array.from({ length: 70 }, (_, j) => j);
      const update = { member: digest("member"), delta: base, weight: 3 };
      const plan: RoundPlan = { rules, base, state: base, updates: [update] };
      const scenario = disputable(plan);
      const owner = scenario.join("earner");
      const round = new DisputedRound(scenario, plan, { earned: scenario.earned([owner, 10n]) });
      const challenger = scenario.challenger();
      const chunk = round.openInstruction(challenger, { kind: "chunk", index: 0 });
      scenario.refuse("RulesReplayOnly", chunk, [challenger]);
      assert.equal(scenario.round(round.number).openDisputes, 0);
      round.challenge({ kind: "envelope", proof: round.leafProof(0) }, challenger);
      round.challenge({ kind: "total" }, challenger);
      assert.equal(scenario.round(round.number).openDisputes, 2);
      assert.deepEqual(scenario.round(round.number).nextRoot, vectorRoot(round.vectors.next));
    });
});
