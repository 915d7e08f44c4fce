import assert from "node:assert/strict";
import { test } from "node:test";
import { createStrategy, type strategies } from "@plenary/algorithms";
import { strategyCompliance } from "./strategy.ts";
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

for (const configuration of Object.values(CONFIGURATIONS).flat()) strategyCompliance(configuration);

test("no two strategies share a number", () => {
  const ids = Object.values(CONFIGURATIONS).map(
    ([configuration]) => createStrategy(configuration).id,
  );
  assert.equal(new Set(ids).size, ids.length);
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
