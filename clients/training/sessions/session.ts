import { TrainingError } from "../errors.ts";
import type { OnnxModel } from "../graph/emit.ts";
import { sizeOf } from "../graph/tensor.ts";
import type { Engine, EngineName, Feeds, Results, Session } from "./engine.ts";

/** The part of onnxruntime-common that is used here; both runtimes have it. */
interface RuntimeTensor {
  readonly data: unknown;
}

interface RuntimeSession {
  run(feeds: Record<string, never>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

/** One build of ONNX Runtime, behind the names that engines need. */
export interface Runtime {
  readonly name: EngineName;
  readonly version: string;
  open(bytes: Uint8Array): Promise<RuntimeSession>;
  tensor(
    type: "float32" | "int64",
    data: Float32Array | BigInt64Array,
    shape: readonly number[],
  ): RuntimeTensor;
}

/**
 * An engine on one of onnxruntime's builds. It checks feeds, and keeps the session of each model.
 */
export function engineOn(runtime: Runtime): Engine {
  const sessions = new Map<OnnxModel, Promise<RuntimeSession>>();
  const open = (model: OnnxModel): Promise<RuntimeSession> => {
    const known = sessions.get(model);
    if (known !== undefined) return known;
    const session = runtime.open(model.bytes);
    sessions.set(model, session);
    return session;
  };
  return {
    name: runtime.name,
    version: runtime.version,
    load: async (model) => sessionOn(runtime, await open(model), model),
    close: async () => {
      const opened = [...sessions.values()];
      sessions.clear();
      for (const session of opened) await (await session).release();
    },
  };
}

function sessionOn(runtime: Runtime, session: RuntimeSession, model: OnnxModel): Session {
  return {
    run: async (feeds) => {
      const tensors = Object.entries(model.inputs).map(([name, { shape, elementType }]) => [
        name,
        runtime.tensor(elementType, checkedFeed(feeds, name, sizeOf(shape), elementType), shape),
      ]);
      const results = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(model.outputs.map((name) => [name, floats(results[name])]));
    },
  };
}

function checkedFeed(
  feeds: Feeds,
  name: string,
  length: number,
  elementType: "float32" | "int64",
): Float32Array | BigInt64Array {
  const data = feeds[name];
  const fits =
    elementType === "int64" ? data instanceof BigInt64Array : data instanceof Float32Array;
  if (data === undefined || !fits || data.length !== length) {
    throw new TrainingError(
      "graph-invalid",
      `graph input ${name} needs ${length} ${elementType} values, got ${data?.length ?? "none"}`,
      { name, length },
    );
  }
  return data;
}

function floats(tensor: RuntimeTensor | undefined): Results[string] {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new TrainingError("graph-invalid", "a graph output is missing or not float32");
}
