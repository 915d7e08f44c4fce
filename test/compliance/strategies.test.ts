import assert from "node:assert/strict";
import { test } from "node:test";
import { CUSTOM_RULE, createStrategy, type strategies } from "@plenary/algorithms";
import { provableStrategyCompliance, strategyCompliance } from "./strategy.ts";
import { throwsCode } from "./vectors.ts";

type Configuration = { readonly name: string; readonly [parameter: string]: unknown };
const CONFIGURATIONS: Record<
  keyof typeof strategies,
  readonly [Configuration, ...Configuration[]]
> = {
  fedavg: [{ name: "fedavg" }],
  fedavgm: [
    { name: "fedavgm", momentum: 0 },
    { name: "fedavgm", momentum: 58_982 },
    { name: "fedavgm", momentum: 65_535 },
  ],
};

const ALL = Object.values(CONFIGURATIONS).flat();
const isKnown = (configuration: Configuration) =>
  createStrategy(configuration).rule.code !== CUSTOM_RULE;

for (const configuration of ALL) strategyCompliance(configuration);
for (const configuration of ALL.filter(isKnown)) provableStrategyCompliance(configuration);

test("the program knows FedAvg and FedAvgM", () => {
  assert.deepEqual(ALL.filter(isKnown), [...CONFIGURATIONS.fedavg, ...CONFIGURATIONS.fedavgm]);
});

test("no two strategies that the program knows share a code", () => {
  const codes = Object.values(CONFIGURATIONS)
    .map(([configuration]) => createStrategy(configuration).rule.code)
    .filter((code) => code !== CUSTOM_RULE);
  assert.equal(new Set(codes).size, codes.length);
});

test("unknown names and parameters out of range are refused", () => {
  const wrong: Configuration[] = [
    { name: "fedsgd" },
    { name: "toString" },
    { name: "__proto__" },
    { name: "fedavgm" },
    { name: "fedavgm", momentum: -1 },
    { name: "fedavgm", momentum: 65_536 },
    { name: "fedavgm", momentum: 0.5 },
    { name: "fedavgm", momentum: "1" },
  ];
  for (const configuration of wrong)
    throwsCode(() => createStrategy(configuration), "invalid-input");
});
