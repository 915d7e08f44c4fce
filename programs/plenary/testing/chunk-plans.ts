import { FEDAVG, fedavgm } from "../../../testing/index.ts";
import type { PlannedUpdate, RoundPlan } from "./round-plan.ts";
import { digest } from "./test-chain.ts";

/** Three chunks, of which the last is padded. */
const PARAMETERS = 150;

function vector(seed: number, scale: number): Int32Array {
  return Int32Array.from({ length: PARAMETERS }, (_, j) =>
    Math.round(Math.sin(seed * 7919 + j * 104_729) * scale),
  );
}

function updates(count: number): PlannedUpdate[] {
  return Array.from({ length: count }, (_, i) => ({
    member: digest(`member ${i}`),
    delta: vector(i + 1, 2 ** 26),
    weight: i % 4 === 3 ? 0 : 1 + i * 17,
  }));
}

/** FedAvg of a few updates, one in four of which is refused. */
export const averaged = (count = 5): RoundPlan => ({
  rules: FEDAVG,
  base: vector(100, 2 ** 30),
  state: new Int32Array(),
  updates: updates(count),
});
/** The same with server momentum. */
export const withMomentum = (count = 5): RoundPlan => ({
  ...averaged(count),
  rules: fedavgm(58_982),
  state: vector(200, 2 ** 30),
});
export const plans = { fedavg: averaged, fedavgm: withMomentum };

/** Adds one to the entry at a position. */
export const alter = (at: number) => (values: Int32Array) => {
  values[at] = (values[at] ?? 0) + 1;
};
