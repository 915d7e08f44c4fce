import { PlenaryError } from "@plenary/protocol";
import Type from "typebox";
import { dequantizeInt8, INT8_BLOCK, quantizeInt8 } from "../kernels/index.ts";
import { definePlugin } from "../plugin.ts";
import type { Codec } from "./codec.ts";
import { checkPayloadLength, checkRange } from "./range.ts";

/*
 * Linear quantisation to 8 bits in blocks, as in Dettmers, Lewis, Shleifer, Zettlemoyer, "8-bit
 * Optimizers via Block-wise Quantization" (ICLR 2022), section 2.1. The scale is an integer, so
 * that decoding is one exact integer product.
 *
 * Payload for P entries, B = ceil(P / 64) blocks:
 *     B x scale u32 little-endian | P x q int8
 * Entry j decodes to scale[floor(j / 64)] x q[j]. For a block whose largest magnitude is m the
 * encoder takes
 *     scale = min(ceil(m / 127), 1056832)
 *     q = sign(x) floor((|x| + floor(scale / 2)) / scale)
 * so that the error of an entry is at most half its block's scale (63 for m above 127 x 1056832).
 *
 * Decoding refuses what this encoder cannot give: another length; q = -128; a scale above 1056832,
 * for 127 x 1056832 is the largest product below 2^27 and no payload may leave the range of an
 * update; a scale of 0 with any q but 0; a scale that the block's largest |q| does not explain: 2
 * (127 (scale - 1) + 1) < 2 scale max|q| + scale must hold.
 */
const MAX_SCALE = 1_056_832;

function blockCount(parameterCount: number): number {
  return Math.ceil(parameterCount / INT8_BLOCK);
}

function encode(delta: Int32Array): Uint8Array {
  checkRange(delta);
  const scaleBytes = blockCount(delta.length) * 4;
  const payload = new Uint8Array(scaleBytes + delta.length);
  quantizeInt8(delta, payload.subarray(0, scaleBytes), payload.subarray(scaleBytes));
  return payload;
}

function decode(payload: Uint8Array, parameterCount: number): Int32Array {
  const scaleBytes = blockCount(parameterCount) * 4;
  checkPayloadLength("int8", payload, scaleBytes + parameterCount);
  const delta = new Int32Array(parameterCount);
  const block = dequantizeInt8(
    payload.subarray(0, scaleBytes),
    payload.subarray(scaleBytes),
    delta,
  );
  if (block >= 0) throw malformedBlock(payload, block);
  return delta;
}

function malformedBlock(payload: Uint8Array, block: number): PlenaryError {
  const scale = new DataView(payload.buffer, payload.byteOffset).getUint32(block * 4, true);
  const problem =
    scale > MAX_SCALE
      ? `has the scale ${scale}, above ${MAX_SCALE}`
      : `has values that no encoder gives with the scale ${scale}`;
  return new PlenaryError("codec-malformed", `Block ${block} of this int8 payload ${problem}.`, {
    codec: "int8",
    block,
    scale,
  });
}

/**
 * Blocks of integers as one scale (uint32) each and one byte a value: about a quarter of `int32`.
 * Lossy; the member's update is what the payload decodes to.
 */
export const int8 = definePlugin(
  "int8",
  Type.Object({ name: Type.Literal("int8") }, { additionalProperties: false }),
  (): Codec => ({
    name: "int8",
    id: 1,
    maxPayloadLength: (parameterCount) => blockCount(parameterCount) * 4 + parameterCount,
    encode,
    decode,
  }),
);
