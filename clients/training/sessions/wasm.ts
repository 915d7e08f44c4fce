import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { sha256, toHex } from "@plenary/protocol";
import { env, InferenceSession, Tensor } from "onnxruntime-web";
import { TrainingError } from "../errors.ts";
import type { Runtime } from "./session.ts";

/** ort-wasm-simd-threaded.wasm of onnxruntime-web 1.30.0: another build may compute other bits. */
const WASM_SHA256 = "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2";

/**
 * onnxruntime's WebAssembly build on one thread. Any other build than the pinned one is refused.
 */
export async function wasmRuntime(): Promise<Runtime> {
  env.wasm.numThreads = 1;
  env.wasm.wasmBinary ??= await pinnedBinary();
  env.logLevel = "error";
  return {
    name: "wasm",
    version: "1.30.0",
    open: (bytes) =>
      InferenceSession.create(bytes, {
        executionProviders: ["wasm"],
        executionMode: "sequential",
        graphOptimizationLevel: "all",
        logSeverityLevel: 3,
      }),
    tensor: (type, data, shape) => new Tensor(type, data, shape),
  };
}

async function pinnedBinary(): Promise<ArrayBuffer> {
  const path = fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
  const bytes = await readFile(path);
  const found = toHex(sha256(bytes));
  if (found !== WASM_SHA256) {
    throw new TrainingError(
      "engine-unavailable",
      `${path} has the hash ${found}, not ${WASM_SHA256}: install onnxruntime-web 1.30.0, else results would not replay`,
      { path, found },
    );
  }
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}
