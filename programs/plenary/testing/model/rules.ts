import { CUSTOM, FEDAVG, fedavgm } from "../../../../testing/index.ts";

/** Server momentum of the model's FedAvgM, in units of 2^-16. */
export const MOMENTUM = 40_000;

/** The rules that the model knows. It computes custom ones as FedAvg; no dispute can judge them. */
export const RULES = { fedavg: FEDAVG, fedavgm: fedavgm(MOMENTUM), custom: CUSTOM };

export type RuleName = keyof typeof RULES;

export function keepsState(name: RuleName): boolean {
  return RULES[name].stateVectors > 0;
}
