import type { Terms as ChainTerms } from "@plenary/chain";
import type { PublicKey } from "@solana/web3.js";
import { digest } from "../test-chain.ts";
import type { Actor, Terms } from "./state.ts";

/** The model's terms as an instruction's arguments. */
export function chainTerms(key: (actor: Actor) => PublicKey, terms: Terms): ChainTerms {
  return {
    aggregator: key(terms.aggregator),
    admission: terms.approved ? "approved" : "open",
    configurationHash: digest("configuration"),
    maxUpdates: terms.maxUpdates,
    maxWeight: terms.maxWeight,
    rewardPerRound: terms.rewardPerRound,
    minimumStake: terms.minimumStake,
    minimumBond: terms.minimumBond,
    challengeWindow: Number(terms.challengeWindow),
    collectLimit: Number(terms.collectLimit),
    grace: Number(terms.grace),
    exitCooldown: Number(terms.exitCooldown),
  };
}
