import { TrainingError } from "../errors.ts";
import type { Engine, EngineName } from "./engine.ts";
import { engineOn } from "./session.ts";

/**
 * Opens an engine. Each runtime is loaded when first asked for; sessions of a closed engine are freed.
 * Throws `engine-unavailable` when onnxruntime cannot be loaded here.
 */
export async function openEngine(name: EngineName): Promise<Engine> {
  try {
    if (name === "wasm") return engineOn(await (await import("./wasm.ts")).wasmRuntime());
    return engineOn((await import("./native.ts")).nativeRuntime);
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
