import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Runtime } from "./session.ts";

/** onnxruntime's own library. */
export const nativeRuntime = (threads: number): Runtime => ({
  name: "native",
  version: "1.30.0",
  open: (bytes) =>
    InferenceSession.create(bytes, {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    }),
  tensor: (type, data, shape) => new Tensor(type, data, shape),
});
