import { configurationSchema, createPlugin, type PluginFactory } from "../plugin.ts";
import type { Compressor } from "./compressor.ts";
import { int8 } from "./int8.ts";
import { int32 } from "./int32.ts";

export type { Compressor } from "./compressor.ts";

export const compressors = { int32, int8 } as const satisfies Record<
  string,
  PluginFactory<Compressor>
>;

export const CompressorConfiguration = configurationSchema(compressors);

/** The compressor of that name. Throws `invalid-input` on an unknown name, listing the known ones. */
export function createCompressor(name: string): Compressor {
  return createPlugin<Compressor>("codec", compressors, { name });
}

/** A federation's compressors by their number in the envelope. Throws `invalid-input` on an unknown name. */
export function compressorsById(names: readonly string[]): ReadonlyMap<number, Compressor> {
  return new Map(names.map(createCompressor).map((compressor) => [compressor.id, compressor]));
}
