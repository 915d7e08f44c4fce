import type { OnnxModel } from "../graph/emit.ts";

/**
 * The inputs of a graph by name; int64 inputs as BigInt64Array. Lengths must fill the input's
 * shape.
 */
export type Feeds = Readonly<Record<string, Float32Array | BigInt64Array>>;

/** Outputs by name, float32. */
export type Results = Readonly<Record<string, Float32Array>>;

/** A graph that is compiled and ready to run. */
export interface Session {
  run(feeds: Feeds): Promise<Results>;
}

/**
 * Runs graphs on the CPU, with one thread each unless told otherwise.
 * - `native`: onnxruntime's own library; the same bits on one machine and version.
 * - `wasm`: onnxruntime's WebAssembly build, about three times slower; the same bits on every
 *   machine. Everything that others must be able to compute again runs on it.
 */
export interface Engine {
  readonly name: EngineName;
  /** onnxruntime's version. */
  readonly version: string;
  /** The session of a model; opened once per model object and kept until `close`. */
  load(model: OnnxModel): Promise<Session>;
  close(): Promise<void>;
}

/** `native` is faster; `wasm` gives the same bits on every machine. */
export type EngineName = "native" | "wasm";
