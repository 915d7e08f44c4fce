import type { Rules } from "@plenary/chain";

/** Whether the program can judge a federation's rounds, in a sentence. */
export function rulesLine({ provable }: Pick<Rules, "provable">): string {
  return provable
    ? "rounds are provable: a wrong chunk can be disputed on chain"
    : "rounds are replay-only: a replay shows a wrong model, but nobody can dispute it on chain";
}

/** The same about one round. */
export function roundRulesLine({ provable }: Pick<Rules, "provable">): string {
  return provable
    ? "the round is provable: a wrong chunk can be disputed on chain"
    : "the round is replay-only: a replay shows a wrong model, but nobody can dispute it on chain";
}
