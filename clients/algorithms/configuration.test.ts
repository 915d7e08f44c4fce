import assert from "node:assert/strict";
import { test } from "node:test";
import { configurationHash, PlenaryError } from "@plenary/protocol";
import Type from "typebox";
import { createAggregator } from "./aggregators/index.ts";
import { createAlgorithms, createPipeline } from "./configuration.ts";
import { definePlugin } from "./plugin.ts";
import { REGISTRIES } from "./registries.ts";
import { CUSTOM_RULE } from "./rule.ts";
import { rulesOf, rulesProblem } from "./rules.ts";
import { createStrategy } from "./strategies/index.ts";
import { configurationFixture } from "./testing/round-fixture.ts";

test("a configuration gives its plug-ins", () => {
  const { strategy, aggregator, contribution, codecs } = createAlgorithms(
    configurationFixture({ strategy: { name: "fedavgm", momentum: 1 } }),
  );
  assert.deepEqual(strategy.rule, { code: 1, parameters: [1], stateVectors: 1 });
  assert.equal(aggregator.name, "mean");
  assert.equal(contribution.name, "leave-one-out");
  assert.deepEqual([...codecs.keys()], [1, 0]);
});

test("a configuration that a process could not run is refused at the start, by name", () => {
  const limits = { maxUpdates: 16, maxWeight: 100, maxPayloadBytes: 599 };
  const wrong: [Parameters<typeof configurationFixture>[0], RegExp][] = [
    [{ strategy: { name: "fedsgd" } }, /strategy\.name must be "fedavg" or "fedavgm"/],
    [{ strategy: { name: "fedavgm" } }, /momentum/],
    [{ aggregator: { name: "oracle" } }, /aggregator\.name must be "mean"/],
    [{ codecs: ["int8", "zip"] }, /codec "zip"/],
    [
      { contribution: { name: "shapley" } },
      /contribution\.name must be "leave-one-out" or "data-size"/,
    ],
    [{ limits }, /maxPayloadBytes is 599.*int32 needs 600/],
    [{ limits: { ...limits, maxWeight: 2 ** 22 } }, /2\^26/],
  ];
  for (const [changes, message] of wrong)
    assert.throws(
      () => createAlgorithms(configurationFixture(changes)),
      (error) =>
        error instanceof PlenaryError &&
        error.code === "invalid-input" &&
        message.test(error.message),
      JSON.stringify(changes),
    );
  assert.throws(() => createAlgorithms({ version: 3 }), /version must be 1 or 2/);
});

test("version 2 has codecs and steps with parameters of their own", () => {
  const { codecs: _, ...shared } = configurationFixture();
  const version2 = (codecs: unknown[], pipeline: unknown[]) => ({
    ...shared,
    version: 2,
    codecs,
    pipeline,
  });
  const value = version2([{ name: "int8" }, { name: "int32" }], [{ name: "clip", maxNorm: 2 }]);
  const { configuration } = createAlgorithms(value);
  assert.deepEqual(configuration, value);
  const { steps, codec } = createPipeline(configuration);
  assert.deepEqual([steps.map(({ name }) => name), codec.name], [["clip"], "int8"]);
  assert.equal(createPipeline(configuration, "int32").codec.id, 0);
  assert.throws(() => createPipeline(configuration, "zip"), { code: "codec-refused" });
  const wrong: [unknown, RegExp][] = [
    [version2(["int8"], []), /codecs\.0 must be object/],
    [version2([], []), /codecs must have at least 1 entries/],
    [version2([{ name: "int8" }, { name: "int8" }], []), /two with the number 1/],
    [version2([{ name: "int8", bits: 4 }], []), /codecs\.0\.bits is not a known field/],
    [version2([{ name: "int8" }], [{ name: "clip" }]), /pipeline\.0\.maxNorm is missing/],
    [version2([{ name: "int8" }], [{ name: "noise" }]), /pipeline\.0\.name must be "clip"/],
    [{ ...value, pipeline: undefined }, /pipeline/],
    [{ ...value, codecs: Array(200_000).fill(0) }, /at most 16 entries, not 200000/],
  ];
  for (const [configuration, message] of wrong)
    assert.throws(() => createAlgorithms(configuration), message);
});

test("a configuration of version 1 keeps its hash and has the pipeline that it always had", () => {
  const fixture = configurationFixture();
  const { configuration } = createAlgorithms(fixture);
  assert.deepEqual(configurationHash(configuration), configurationHash(fixture));
  const { steps, codec } = createPipeline(configuration);
  assert.deepEqual([steps, codec.name], [[], "int8"]);
});

test("the rules of a configuration are its plug-ins' own, and custom ones are not provable", () => {
  const rules = { aggregator: 0, strategy: 0, masking: 0, stateVectors: 0, provable: true };
  const zeros = [0, 0, 0, 0, 0, 0, 0, 0];
  assert.deepEqual(rulesOf(configurationFixture()), { ...rules, parameters: zeros });
  assert.deepEqual(rulesOf(configurationFixture({ strategy: { name: "fedavgm", momentum: 9 } })), {
    ...rules,
    strategy: 1,
    stateVectors: 1,
    parameters: [9, 0, 0, 0, 0, 0, 0, 0],
  });
  const rule = { code: CUSTOM_RULE, parameters: [3], stateVectors: 2 };
  const custom = definePlugin("custom", Type.Object({ name: Type.Literal("custom") }), () => ({
    ...createStrategy({ name: "fedavg" }),
    rule,
  }));
  const registries = { ...REGISTRIES, strategies: { custom } };
  const configuration = configurationFixture({ strategy: { name: "custom" } });
  assert.deepEqual(rulesOf(configuration, registries), {
    ...rules,
    strategy: CUSTOM_RULE,
    stateVectors: 2,
    provable: false,
    parameters: [3, 0, 0, 0, 0, 0, 0, 0],
  });
});

test("parameters that the account on chain cannot hold are refused, and their rule is named", () => {
  const rulesWith = (strategy: number[], aggregator: number[]) => {
    const rule = (parameters: number[]) => ({ code: CUSTOM_RULE, parameters, stateVectors: 0 });
    const name = <T extends string>(text: T) => Type.Object({ name: Type.Literal(text) });
    const step = definePlugin("step", name("step"), () => ({
      ...createStrategy({ name: "fedavg" }),
      name: "step",
      rule: rule(strategy),
    }));
    const sum = definePlugin("sum", name("sum"), () => ({
      ...createAggregator({ name: "mean" }),
      name: "sum",
      rule: rule(aggregator),
    }));
    const registries = { ...REGISTRIES, strategies: { step }, aggregators: { sum } };
    const names = { strategy: { name: "step" }, aggregator: { name: "sum" } };
    return rulesOf(configurationFixture(names), registries).parameters;
  };
  const most = 2 ** 32 - 1;
  assert.deepEqual(rulesWith([1, 2, 3, 4, 5], [0, 7, most]), [1, 2, 3, 4, 5, 0, 7, most]);
  for (const [strategy, aggregator, message] of [
    [[1, 2, 3, 4, 5], [6, 7, 8, 0], /"step" has 5 .*"sum" has 4: .* holds 8 in all/],
    [[0, 0, 0, 0, 0, 0, 0, 0, 0], [], /"step" has 9/],
    [[1, -1], [], /Parameter 2 of strategy "step" is -1/],
    [[], [2 ** 32], /Parameter 1 of aggregator "sum" is 4294967296/],
    [[0.5], [], /strategy "step" is 0\.5/],
    [[], [Number.NaN], /aggregator "sum" is NaN/],
  ] as const)
    assert.throws(() => rulesWith([...strategy], [...aggregator]), {
      code: "invalid-input",
      message,
    });
});

test("rules on chain agree with their configuration, or the first that does not is named", () => {
  const configuration = configurationFixture();
  const rules = rulesOf(configuration);
  assert.equal(rulesProblem(rules, configuration, REGISTRIES), null);
  for (const [change, message] of [
    [{ strategy: 255, provable: false }, /strategy is 255 on chain, 0 by the configuration/],
    [{ aggregator: 1 }, /aggregator is 1 on chain/],
    [{ provable: false }, /provable is false on chain, true by the configuration/],
    [{ parameters: [7, 0, 0, 0, 0, 0, 0, 0] }, /parameters is \[7,/],
  ] as const)
    assert.match(rulesProblem({ ...rules, ...change }, configuration, REGISTRIES) ?? "", message);
});
