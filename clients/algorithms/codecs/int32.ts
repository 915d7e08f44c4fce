import { vectorFromBytes, vectorToBytes } from "@plenary/protocol";
import Type from "typebox";
import { definePlugin } from "../plugin.ts";
import type { Codec } from "./codec.ts";
import { checkPayloadLength, checkRange } from "./range.ts";

/** No compression. Payload: parameterCount x i32 little-endian. */
export const int32 = definePlugin(
  "int32",
  Type.Object({ name: Type.Literal("int32") }, { additionalProperties: false }),
  (): Codec => ({
    name: "int32",
    id: 0,
    maxPayloadLength: (parameterCount) => parameterCount * 4,
    encode: (delta) => {
      checkRange(delta);
      return vectorToBytes(delta).slice();
    },
    decode: (payload, parameterCount) => {
      checkPayloadLength("int32", payload, parameterCount * 4);
      return vectorFromBytes(payload);
    },
  }),
);
