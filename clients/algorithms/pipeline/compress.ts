import { PlenaryError } from "@plenary/protocol";
import type { Codec } from "../codecs/index.ts";
import { magnitudeOf } from "../kernels/index.ts";
import { admissibleFactor, type ScreeningLimits, sizeReason } from "../screening/limits.ts";
import { scale } from "./scale.ts";

/** An update as it travels. */
export interface CompressedUpdate {
  /** Number of the codec in the envelope. */
  readonly codec: number;
  readonly payload: Uint8Array;
  /** The integers that the payload decodes to: the round adds these up. */
  readonly decoded: Int32Array;
}

const ATTEMPTS = 12;

/**
 * Encodes an update so that screening accepts it: what the payload decodes to passes the service's
 * own check, rounding and compression included. An update that is too large is scaled down to
 * within 1/4096 of the bound. Where a codec's error passes the bound again, each further attempt
 * leaves twice as much room, and the last sends zeros.
 */
export function compress(
  delta: Int32Array,
  codec: Codec,
  limits: ScreeningLimits,
): CompressedUpdate {
  let factor = 1;
  for (let attempt = 0; attempt <= ATTEMPTS + 1; attempt++) {
    const scaled = factor === 1 ? delta : scale(delta, factor);
    const size = magnitudeOf(scaled);
    // A codec refuses entries that are out of range.
    const sent = sizeReason(size, { maxNorm: 0 }) ? undefined : encode(scaled, codec);
    const sentSize = sent === undefined ? size : magnitudeOf(sent.decoded);
    if (sent !== undefined && sizeReason(sentSize, limits) === undefined) return sent;
    factor *= admissibleFactor(sentSize, limits) * (1 - 2 ** (attempt - ATTEMPTS));
  }
  throw new PlenaryError(
    "codec-malformed",
    `The codec ${codec.name} cannot be used: it turns an update of zeros into one that screening refuses.`,
    { codec: codec.name },
  );
}

function encode(delta: Int32Array, codec: Codec): CompressedUpdate {
  const payload = codec.encode(delta);
  return { codec: codec.id, payload, decoded: codec.decode(payload, delta.length) };
}
