import { type FederationConfiguration, PlenaryError, parseConfiguration } from "@plenary/protocol";
import { type Aggregator, createAggregator } from "./aggregators/index.ts";
import { type Compressor, compressorsById } from "./compressors/index.ts";
import { type Contribution, createContribution } from "./contribution/index.ts";
import { createStrategy, type Strategy } from "./strategies/index.ts";

/** The plug-ins that a configuration names. */
export interface Algorithms {
  readonly strategy: Strategy;
  readonly aggregator: Aggregator;
  readonly contribution: Contribution;
  /** By their number in the envelope. */
  readonly compressors: ReadonlyMap<number, Compressor>;
}

/**
 * Makes all plug-ins of a configuration, so that an unknown name or a wrong parameter fails when a federation is created or a process
 * starts, not in the middle of a round. Throws `invalid-input` naming what is wrong.
 */
export function createAlgorithms(
  value: unknown,
): Algorithms & { readonly configuration: FederationConfiguration } {
  const configuration = parseConfiguration(value);
  const compressors = compressorsById(configuration.codecs);
  for (const compressor of compressors.values()) {
    const needed = compressor.maxPayloadLength(configuration.parameterCount);
    if (needed > configuration.limits.maxPayloadBytes)
      throw new PlenaryError(
        "invalid-input",
        `Configuration: limits.maxPayloadBytes is ${configuration.limits.maxPayloadBytes}, but an update in ${compressor.name} needs ${needed}.`,
        { field: "limits.maxPayloadBytes", codec: compressor.name, needed },
      );
  }
  return {
    configuration,
    strategy: createStrategy(configuration.strategy),
    aggregator: createAggregator(configuration.aggregator),
    contribution: createContribution(configuration.contribution),
    compressors,
  };
}
