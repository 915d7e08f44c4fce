import { canonicalJson, type FederationConfiguration, PlenaryError } from "@plenary/protocol";
import { createAggregator } from "./aggregators/index.ts";
import { REGISTRIES, type Registries } from "./registries.ts";
import { CUSTOM_RULE, type Rule } from "./rule.ts";
import { createStrategy } from "./strategies/index.ts";

/** As many as the account on chain has room for. */
const PARAMETERS = 8;
const LARGEST_PARAMETER = 2 ** 32 - 1;

/** The rules of a federation's rounds, as its account on chain holds them. */
export interface Rules {
  readonly aggregator: number;
  readonly strategy: number;
  /** 0: updates are not masked. */
  readonly masking: number;
  readonly stateVectors: number;
  /** Whether the program can judge a disputed chunk. If not, only a replay can check a round. */
  readonly provable: boolean;
  /** The strategy's parameters, then the aggregator's, then zeros: eight in all. */
  readonly parameters: readonly number[];
}

/**
 * The rules that a configuration's plug-ins make up. Throws `invalid-input` on unknown plug-ins,
 * and on parameters that the account cannot hold: more than eight, or other than unsigned 32-bit
 * integers.
 */
export function rulesOf(
  configuration: Pick<FederationConfiguration, "strategy" | "aggregator">,
  registries: Registries = REGISTRIES,
): Rules {
  const server = createStrategy(configuration.strategy, registries.strategies);
  const sum = createAggregator(configuration.aggregator, registries.aggregators);
  const [strategy, aggregator] = [server.rule, sum.rule];
  checkParameters(`strategy "${server.name}"`, strategy);
  checkParameters(`aggregator "${sum.name}"`, aggregator);
  const parameters = [...strategy.parameters, ...aggregator.parameters];
  if (parameters.length > PARAMETERS)
    throw new PlenaryError(
      "invalid-input",
      `Strategy "${server.name}" has ${strategy.parameters.length} parameters and aggregator "${sum.name}" has ${aggregator.parameters.length}: the account on chain holds ${PARAMETERS} in all. Leave out some, or derive them from others.`,
      { strategy: server.name, aggregator: sum.name, parameters: parameters.length },
    );
  return {
    aggregator: aggregator.code,
    strategy: strategy.code,
    masking: 0,
    stateVectors: strategy.stateVectors,
    provable: isProvable({ aggregator: aggregator.code, strategy: strategy.code }),
    parameters: [...parameters, ...Array<number>(PARAMETERS).fill(0)].slice(0, PARAMETERS),
  };
}

function checkParameters(rule: string, { parameters }: Rule): void {
  for (const [index, value] of parameters.entries())
    if (!Number.isInteger(value) || value < 0 || value > LARGEST_PARAMETER)
      throw new PlenaryError(
        "invalid-input",
        `Parameter ${index + 1} of ${rule} is ${value}: a rule's parameters are whole numbers from 0 to ${LARGEST_PARAMETER}.`,
        { rule, parameter: index + 1 },
      );
}

/** Whether the program has a module for both rules, and so can judge a disputed chunk. */
export function isProvable({
  aggregator,
  strategy,
}: Pick<Rules, "aggregator" | "strategy">): boolean {
  return aggregator !== CUSTOM_RULE && strategy !== CUSTOM_RULE;
}

/**
 * The difference between the rules in an account and those of its configuration, in a sentence;
 * null if they agree. The program judges by the account's rules: under other rules an honest round
 * would lose its dispute.
 */
export function rulesProblem(
  onChain: Rules,
  configuration: FederationConfiguration,
  registries: Registries = REGISTRIES,
): string | null {
  const rules = rulesOf(configuration, registries);
  const names = Object.keys(rules) as (keyof Rules)[];
  const other = names.find((name) => canonicalJson(rules[name]) !== canonicalJson(onChain[name]));
  return other === undefined
    ? null
    : `the rules on chain are not those of the configuration: ${other} is ${canonicalJson(onChain[other])} on chain, ${canonicalJson(rules[other])} by the configuration`;
}
