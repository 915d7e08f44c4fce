import assert from "node:assert/strict";
import { test } from "node:test";
import { type aggregators, CUSTOM_RULE, createAggregator } from "@plenary/algorithms";
import {
  aggregatorCompliance,
  incrementalCompliance,
  provableAggregatorCompliance,
} from "./aggregator.ts";

type Configuration = { readonly name: string; readonly [parameter: string]: unknown };
const CONFIGURATIONS: Record<
  keyof typeof aggregators,
  readonly [Configuration, ...Configuration[]]
> = {
  mean: [{ name: "mean" }],
};
const ALL = Object.values(CONFIGURATIONS).flat();
const isIncremental = (configuration: Configuration) =>
  createAggregator(configuration).incremental !== undefined;
const isKnown = (configuration: Configuration) =>
  createAggregator(configuration).rule.code !== CUSTOM_RULE;

for (const configuration of ALL) aggregatorCompliance(configuration);
for (const configuration of ALL.filter(isIncremental)) incrementalCompliance(configuration);
for (const configuration of ALL.filter(isKnown)) provableAggregatorCompliance(configuration);

test("the mean is incremental", () => {
  assert.ok(CONFIGURATIONS.mean.every(isIncremental));
});

test("the program knows the mean, and no other aggregator", () => {
  assert.deepEqual(ALL.filter(isKnown), CONFIGURATIONS.mean);
});
