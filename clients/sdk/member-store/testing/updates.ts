import { toBase58, toBase64 } from "@plenary/protocol";
import type { PreparedUpdate } from "../index.ts";

export const IDENTITY = {
  genesisHash: "11".repeat(32),
  programId: toBase58(new Uint8Array(32).fill(2)),
  federation: toBase58(new Uint8Array(32).fill(3)),
  member: toBase58(new Uint8Array(32).fill(4)),
};

/** An update whose bytes differ for each round, sequence and variant. */
export function updateOf(round: bigint, sequence: bigint, variant = 0): PreparedUpdate {
  const mark = [Number(round), Number(sequence), variant];
  return {
    record: {
      round: round.toString(),
      sequence: sequence.toString(),
      baseRoot: "22".repeat(32),
      envelope: toBase64(Uint8Array.from([1, ...mark])),
      signature: toBase64(Uint8Array.from([2, ...mark])),
      weight: 5,
      loss: 0.5,
    },
    payload: Uint8Array.from({ length: 5_000 }, (_, i) => (i + Number(round)) % 256),
    optimizerState: {
      step: Number(round),
      moments: [Float32Array.of(1.5, -2, 0.25), Float32Array.of(0, 1e-9, 3)],
    },
  };
}
