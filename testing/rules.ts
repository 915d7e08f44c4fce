import type { Rules } from "@plenary/chain";

/** Eight parameters, of which the first ones are given. */
const padded = (...parameters: number[]) => Array.from({ length: 8 }, (_, i) => parameters[i] ?? 0);

/** The weighted mean as the next model. */
export const FEDAVG: Rules = {
  aggregator: 0,
  strategy: 0,
  masking: 0,
  stateVectors: 0,
  provable: true,
  parameters: padded(),
};

/** @param momentum in units of 2^-16 */
export function fedavgm(momentum: number): Rules {
  return { ...FEDAVG, strategy: 1, stateVectors: 1, parameters: padded(momentum) };
}

/** A strategy that the program does not know: such rounds are replay-only. */
export const CUSTOM: Rules = { ...FEDAVG, strategy: 255, provable: false };
