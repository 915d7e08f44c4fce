import { PlenaryError } from "@plenary/protocol";
import { KERNELS_BASE64 } from "./generated/kernels-wasm.ts";

/*
 * The kernels are WebAssembly with SIMD, inlined as base64: the same bytes run in Node and in
 * browsers, without file access or asynchronous initialisation. (A module below 8 MB compiles
 * synchronously on a browser's main thread too; this one has 4 kB.)
 */

/**
 * The exports of kernels/assembly. Pointers and counts are unsigned 32-bit integers. The sources
 * state the preconditions.
 */
interface KernelFunctions {
  fold(sum: number, delta: number, weight: number, n: number): void;
  fold4(sum: number, a: number, w0: number, w1: number, w2: number, w3: number, n: number): void;
  quotient(sum: number, total: number, out: number, n: number): void;
  apply(model: number, delta: number, n: number): void;
  momentum(velocity: number, delta: number, beta: number, n: number): void;
  maxAbs(x: number, n: number): number;
  squares(x: number, n: number, out: number): void;
  encodeInt8(x: number, scales: number, q: number, blocks: number): void;
  decodeInt8(scales: number, q: number, out: number, blocks: number): number;
  hashTagged(src: number, dst: number, length: number, prefix: number, groups: number): void;
  rootOfHashes(hashes: number, count: number): void;
  heapBase(): number;
}

/** An instance of the kernels with its own linear memory. */
export interface Kernels extends KernelFunctions {
  readonly memory: WebAssembly.Memory;
  /** First byte behind the kernels' own tables, aligned to 64. */
  readonly heap: number;
}

const NAMES = [
  "fold",
  "fold4",
  "quotient",
  "apply",
  "momentum",
  "maxAbs",
  "squares",
  "encodeInt8",
  "decodeInt8",
  "hashTagged",
  "rootOfHashes",
  "heapBase",
] as const satisfies readonly (keyof KernelFunctions)[];

const PAGE = 65_536;
let compiled: WebAssembly.Module | undefined;

/**
 * A new instance with at least `heapBytes` behind `heap`. Throws `internal` where WebAssembly SIMD
 * or memory is missing.
 */
export function instantiateKernels(heapBytes: number): Kernels {
  const kernels = checkExports(instantiate());
  reserve(kernels, heapBytes);
  return kernels;
}

function instantiate(): WebAssembly.Exports {
  try {
    compiled ??= new WebAssembly.Module(
      Uint8Array.from(atob(KERNELS_BASE64), (c) => c.charCodeAt(0)),
    );
    return new WebAssembly.Instance(compiled).exports;
  } catch (cause) {
    throw new PlenaryError(
      "internal",
      "The kernels cannot start: this runtime lacks WebAssembly SIMD. Use Node 20 or a current browser.",
      {},
      { cause },
    );
  }
}

/**
 * Grows the memory to hold `heapBytes` behind `heap`. Views made before are detached. Throws
 * `internal` if the memory cannot grow.
 */
function reserve(kernels: Kernels, heapBytes: number): void {
  const missing = kernels.heap + heapBytes - kernels.memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    kernels.memory.grow(Math.ceil(missing / PAGE));
  } catch (cause) {
    throw new PlenaryError(
      "internal",
      `There is no memory for ${heapBytes} bytes of vectors: run fewer rounds at a time, or give the process more memory.`,
      { heapBytes },
      { cause },
    );
  }
}

let shared: Kernels | undefined;

/**
 * The instance for stateless kernels: they run to completion synchronously and leave nothing
 * behind.
 */
export function sharedKernels(heapBytes: number): Kernels {
  shared ??= instantiateKernels(heapBytes);
  reserve(shared, heapBytes);
  return shared;
}

function checkExports(exports: WebAssembly.Exports): Kernels {
  const { memory } = exports;
  const missing = NAMES.filter((name) => typeof exports[name] !== "function");
  if (!(memory instanceof WebAssembly.Memory) || missing.length > 0)
    throw new PlenaryError("internal", `The kernels' binary lacks exports: ${missing.join(", ")}.`);
  // Checked above by name. Their signatures are those of the sources that build.ts compiled.
  const functions = exports as unknown as KernelFunctions;
  const heap = Math.ceil(functions.heapBase() / 64) * 64;
  return { ...functions, memory, heap };
}
