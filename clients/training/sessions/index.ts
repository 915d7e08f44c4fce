import { TrainingError } from "../errors.ts";
import type { Engine, EngineName } from "./engine.ts";
import { engineOn } from "./session.ts";

export interface EngineOptions {
  /** Of the native engine: 1 by default, for more only cost at the sizes of the predictors. */
  readonly threads?: number;
}

/**
 * Opens an engine. Each runtime is loaded when first asked for; sessions of a closed engine are freed.
 * Throws `engine-unavailable` when onnxruntime cannot be loaded here.
 */
export async function openEngine(
  name: EngineName,
  { threads = 1 }: EngineOptions = {},
): Promise<Engine> {
  try {
    if (name === "wasm") return engineOn(await (await import("./wasm.ts")).wasmRuntime());
    return engineOn((await import("./native.ts")).nativeRuntime(threads));
  } catch (cause) {
    if (cause instanceof TrainingError) throw cause;
    throw new TrainingError(
      "engine-unavailable",
      `the ${name} engine does not load on this machine; reinstall the packages, or choose the other engine`,
      { engine: name },
      cause,
    );
  }
}
