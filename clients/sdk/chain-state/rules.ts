import { type Registries, type Rules, rulesOf } from "@plenary/algorithms";
import { canonicalJson, type FederationConfiguration } from "@plenary/protocol";

/**
 * The difference between the rules in an account and those of its configuration, in a sentence;
 * null if they agree. The program judges by the account's rules: under other rules an honest round
 * would lose its dispute.
 */
export function rulesProblem(
  onChain: Rules,
  configuration: FederationConfiguration,
  registries: Registries,
): string | null {
  const rules = rulesOf(configuration, registries);
  const names = Object.keys(rules) as (keyof Rules)[];
  const other = names.find((name) => canonicalJson(rules[name]) !== canonicalJson(onChain[name]));
  return other === undefined
    ? null
    : `the rules on chain are not those of the configuration: ${other} is ${canonicalJson(onChain[other])} on chain, ${canonicalJson(rules[other])} by the configuration`;
}
