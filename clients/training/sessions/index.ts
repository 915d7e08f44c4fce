import { TrainingError } from "../errors.ts";
import type { Engine, EngineName } from "./engine.ts";
import { engineOn } from "./session.ts";

export interface EngineOptions {
  /**
   * Threads of the native engine. By default 1: at the sizes of the predictors, more only cost
   * time.
   */
  readonly threads?: number;
}

/**
 * Opens an engine. A runtime is loaded when it is first asked for; closing the engine frees its
 * sessions. Throws `engine-unavailable` when onnxruntime cannot be loaded here.
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
