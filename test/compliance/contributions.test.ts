import { test } from "node:test";
import { type contributions, createContribution } from "@plenary/algorithms";
import { contributionCompliance } from "./contribution.ts";
import { throwsCode } from "./vectors.ts";

type Configuration = { readonly name: string; readonly [parameter: string]: unknown };
const CONFIGURATIONS: Record<keyof typeof contributions, readonly Configuration[]> = {
  "leave-one-out": [{ name: "leave-one-out", heldOut: "ab".repeat(32) }],
  "data-size": [
    { name: "data-size", cap: 1 },
    { name: "data-size", cap: 5000 },
  ],
};

for (const configuration of Object.values(CONFIGURATIONS).flat())
  contributionCompliance(configuration);

test("unknown names and parameters out of range are refused", () => {
  const wrong: Configuration[] = [
    { name: "shapley" },
    { name: "leave-one-out" },
    { name: "leave-one-out", heldOut: "AB".repeat(32) },
    { name: "data-size" },
    { name: "data-size", cap: 0 },
    { name: "data-size", cap: 1.5 },
  ];
  for (const configuration of wrong)
    throwsCode(() => createContribution(configuration), "invalid-input");
});
