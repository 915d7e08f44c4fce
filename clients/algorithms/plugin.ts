import { PlenaryError, parserOf } from "@plenary/protocol";
import Type, { type Static, type TObject, type TUnion } from "typebox";

/** One implementation of a plug-in kind: the form of its configuration, and how to make it. */
export interface PluginFactory<T> {
  readonly name: string;
  /** `{ name: "<name>", ...parameters }`. */
  readonly schema: TObject;
  /** Throws `invalid-input`, naming the field, on a configuration of another form. */
  readonly create: (configuration: unknown) => T;
}

/** The implementations of one kind, by name. */
export type Registry<T> = Readonly<Record<string, PluginFactory<T>>>;

/** A factory whose configuration is checked against `schema` before `create` sees it. */
export function definePlugin<S extends TObject, T>(
  name: string,
  schema: S,
  create: (configuration: Static<S>) => T,
): PluginFactory<T> {
  const parse = parserOf(schema, `Configuration of ${name}`);
  return { name, schema, create: (configuration) => create(parse(configuration)) };
}

/** The form of every configuration that a registry can serve: the union of its entries' forms. */
export function schemaOfRegistry(registry: Registry<unknown>): TUnion {
  return Type.Union(Object.values(registry).map((factory) => factory.schema));
}

/**
 * The plug-in that `configuration.name` names. Throws `invalid-input` on an unknown name, listing
 * the known ones, and on wrong parameters.
 */
export function createPlugin<T>(
  kind: string,
  registry: Registry<T>,
  configuration: { readonly name: string },
): T {
  const { name } = configuration;
  const factory = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (factory !== undefined) return factory.create(configuration);
  const known = Object.keys(registry).join(", ");
  throw new PlenaryError(
    "invalid-input",
    `There is no ${kind} "${name.slice(0, 64)}"; known are: ${known}.`,
    { kind, name: name.slice(0, 64), known },
  );
}
