import assert from "node:assert/strict";
import { test } from "node:test";
import { PlenaryError } from "@plenary/protocol";
import { Value } from "typebox/value";
import { createAlgorithms } from "./configuration.ts";
import { StrategyConfiguration } from "./strategies/index.ts";
import { configurationFixture } from "./testing/round-fixture.ts";

test("a configuration gives its plug-ins", () => {
  const { strategy, aggregator, contribution, compressors } = createAlgorithms(
    configurationFixture({ strategy: { name: "fedavgm", momentum: 1 } }),
  );
  assert.equal(strategy.momentum, 1);
  assert.equal(aggregator.name, "mean");
  assert.equal(contribution.name, "leave-one-out");
  assert.deepEqual([...compressors.keys()], [1, 0]);
});

test("what a process could not run is refused when it starts, by name", () => {
  const limits = { maxUpdates: 16, maxWeight: 100, maxPayloadBytes: 599 };
  const wrong: [Parameters<typeof configurationFixture>[0], RegExp][] = [
    [{ strategy: { name: "fedsgd" } }, /strategy "fedsgd".*fedavg, fedavgm/],
    [{ strategy: { name: "fedavgm" } }, /momentum/],
    [{ aggregator: { name: "median" } }, /aggregator "median"/],
    [{ codecs: ["int8", "zip"] }, /codec "zip"/],
    [{ contribution: { name: "shapley" } }, /"shapley"/],
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
  assert.throws(() => createAlgorithms({ version: 2 }), PlenaryError);
});

test("the schema of a kind is the union of its registry", () => {
  assert.ok(Value.Check(StrategyConfiguration, { name: "fedavg" }));
  assert.ok(Value.Check(StrategyConfiguration, { name: "fedavgm", momentum: 9 }));
  assert.ok(!Value.Check(StrategyConfiguration, { name: "fedavgm" }));
  assert.ok(!Value.Check(StrategyConfiguration, { name: "fedsgd" }));
});
