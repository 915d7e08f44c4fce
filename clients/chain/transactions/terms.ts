import type { Terms } from "../federation.ts";
import type { ArgumentValue } from "../program.ts";

/** Terms as the program's argument of that name. */
export function encodeTerms(terms: Terms): Readonly<Record<string, ArgumentValue>> {
  return {
    aggregator: terms.aggregator,
    admission: { variant: terms.admission === "open" ? "Open" : "Approved" },
    configurationHash: terms.configurationHash,
    maxUpdates: terms.maxUpdates,
    maxWeight: terms.maxWeight,
    rewardPerRound: terms.rewardPerRound,
    minimumStake: terms.minimumStake,
    minimumBond: terms.minimumBond,
    challengeWindow: terms.challengeWindow,
    collectLimit: terms.collectLimit,
    grace: terms.grace,
    exitCooldown: terms.exitCooldown,
  };
}
