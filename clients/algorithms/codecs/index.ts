import { PlenaryError, type PluginConfiguration } from "@plenary/protocol";
import { createPlugin, type Registry } from "../plugin.ts";
import type { Codec } from "./codec.ts";
import { int8 } from "./int8.ts";
import { int32 } from "./int32.ts";

export type { Codec } from "./codec.ts";

/** The codecs that come with Plenary, by the name in a configuration. */
export const codecs = { int32, int8 } as const satisfies Registry<Codec>;

/** The codec that a configuration names. Throws `invalid-input` on a wrong name or parameter. */
export function createCodec(
  configuration: { readonly name: string },
  registry: Registry<Codec> = codecs,
): Codec {
  return createPlugin("codec", registry, configuration);
}

/** A federation's codecs by their number in the envelope. Throws `invalid-input`. */
export function codecsById(
  configurations: readonly PluginConfiguration[],
  registry: Registry<Codec> = codecs,
): ReadonlyMap<number, Codec> {
  const byId = new Map<number, Codec>();
  for (const configuration of configurations) {
    const codec = createCodec(configuration, registry);
    if (byId.has(codec.id))
      throw new PlenaryError(
        "invalid-input",
        `Configuration: codecs has two with the number ${codec.id}, which an envelope could not tell apart.`,
        { field: "codecs", codec: codec.id },
      );
    byId.set(codec.id, codec);
  }
  return byId;
}
