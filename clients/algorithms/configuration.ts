import {
  checkConfiguration,
  codecConfigurations,
  configurationSchema,
  type FederationConfiguration,
  PlenaryError,
  parserOf,
  pipelineConfigurations,
} from "@plenary/protocol";
import type { TSchema } from "typebox";
import { type Aggregator, createAggregator } from "./aggregators/index.ts";
import { type Codec, codecsById, createCodec } from "./codecs/index.ts";
import { type Contribution, createContribution } from "./contribution/index.ts";
import { createUpdateStep, type Pipeline } from "./pipeline/index.ts";
import { schemaOfRegistry } from "./plugin.ts";
import { REGISTRIES, type Registries } from "./registries.ts";
import { createStrategy, type Strategy } from "./strategies/index.ts";

/** The plug-ins that a configuration names. */
export interface Algorithms {
  readonly strategy: Strategy;
  readonly aggregator: Aggregator;
  readonly contribution: Contribution;
  /** By their number in the envelope. */
  readonly codecs: ReadonlyMap<number, Codec>;
}

/** The form of every configuration that these registries can serve. */
export function configurationSchemaOf(registries: Registries): TSchema {
  return configurationSchema({
    strategy: schemaOfRegistry(registries.strategies),
    aggregator: schemaOfRegistry(registries.aggregators),
    codec: schemaOfRegistry(registries.codecs),
    updateStep: schemaOfRegistry(registries.updateSteps),
    contribution: schemaOfRegistry(registries.contributions),
  });
}

const parsers = new WeakMap<Registries, (value: unknown) => unknown>();

function parserFor(registries: Registries): (value: unknown) => unknown {
  let parse = parsers.get(registries);
  if (parse === undefined) {
    parse = parserOf(configurationSchemaOf(registries), "Configuration");
    parsers.set(registries, parse);
  }
  return parse;
}

/**
 * Makes all plug-ins of a configuration: an unknown name or a wrong parameter fails when a
 * federation is created or a process starts, not in the middle of a round. Throws `invalid-input`
 * naming the field.
 */
export function createAlgorithms(
  value: unknown,
  registries: Registries = REGISTRIES,
): Algorithms & { readonly configuration: FederationConfiguration } {
  const configuration = checkConfiguration(parserFor(registries)(value) as FederationConfiguration);
  const codecs = codecsById(codecConfigurations(configuration), registries.codecs);
  for (const codec of codecs.values()) checkPayloadLimit(codec, configuration);
  return {
    configuration,
    strategy: createStrategy(configuration.strategy, registries.strategies),
    aggregator: createAggregator(configuration.aggregator, registries.aggregators),
    contribution: createContribution(configuration.contribution, registries.contributions),
    codecs,
  };
}

/**
 * A member's pipeline, with the codec of that name, by default the federation's first. Throws
 * `codec-refused` if the federation does not take it.
 */
export function createPipeline(
  configuration: FederationConfiguration,
  codecName?: string,
  registries: Registries = REGISTRIES,
): Pipeline {
  const taken = codecConfigurations(configuration);
  const chosen = codecName === undefined ? taken[0] : taken.find(({ name }) => name === codecName);
  if (chosen === undefined)
    throw new PlenaryError(
      "codec-refused",
      `This federation takes the codecs ${taken.map(({ name }) => name).join(", ")} only.`,
      { codec: codecName ?? "" },
    );
  return {
    steps: pipelineConfigurations(configuration).map((step) =>
      createUpdateStep(step, registries.updateSteps),
    ),
    codec: createCodec(chosen, registries.codecs),
    screening: configuration.screening,
  };
}

function checkPayloadLimit(
  codec: Codec,
  { parameterCount, limits }: FederationConfiguration,
): void {
  const needed = codec.maxPayloadLength(parameterCount);
  if (needed <= limits.maxPayloadBytes) return;
  throw new PlenaryError(
    "invalid-input",
    `Configuration: limits.maxPayloadBytes is ${limits.maxPayloadBytes}, but an update in ${codec.name} needs ${needed}.`,
    { field: "limits.maxPayloadBytes", codec: codec.name, needed },
  );
}
