import { PlenaryError, vectorFromBytes } from "@plenary/protocol";
import type { OptimizerState } from "@plenary/training";

const HEADER = 3;

/**
 * Bytes of an optimiser's state: u32 step, u32 number of moments, u32 length of each, then float32,
 * all little-endian.
 */
export function encodeOptimizer({ step, moments }: OptimizerState): Uint8Array {
  const length = moments[0]?.length ?? 0;
  const bytes = new Uint8Array(4 * (HEADER + moments.length * length));
  const view = new DataView(bytes.buffer);
  [step, moments.length, length].forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  moments.forEach((moment, m) => {
    moment.forEach((value, i) => {
      view.setFloat32(4 * (HEADER + m * length + i), value, true);
    });
  });
  return bytes;
}

/** Throws `invalid-input` on bytes of another length than they say. */
export function decodeOptimizer(bytes: Uint8Array): OptimizerState {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [step = 0, count = 0, length = 0] =
    bytes.length < 4 * HEADER ? [] : vectorFromBytes(bytes.slice(0, 4 * HEADER));
  if (bytes.length !== 4 * (HEADER + count * length))
    throw new PlenaryError(
      "invalid-input",
      "The saved state of the optimiser is damaged: delete it, and the optimiser starts with a new one.",
      {
        bytes: bytes.length,
      },
    );
  const moments = Array.from({ length: count }, (_, m) =>
    Float32Array.from({ length }, (_, i) => view.getFloat32(4 * (HEADER + m * length + i), true)),
  );
  return { step, moments };
}
