import type { aggregators } from "@plenary/algorithms";
import { aggregatorCompliance } from "./aggregator.ts";

const CONFIGURATIONS: Record<keyof typeof aggregators, readonly { readonly name: string }[]> = {
  mean: [{ name: "mean" }],
};

for (const configuration of Object.values(CONFIGURATIONS).flat())
  aggregatorCompliance(configuration);
