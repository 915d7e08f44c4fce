import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Runtime } from "./session.ts";

/** onnxruntime's own library on one thread: more threads only cost at these sizes. */
export const nativeRuntime: Runtime = {
  name: "native",
  version: "1.30.0",
  open: (bytes) =>
    InferenceSession.create(bytes, {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    }),
  tensor: (type, data, shape) => new Tensor(type, data, shape),
};
