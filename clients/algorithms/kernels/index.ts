export { chunkLeavesFast, vectorRootFast } from "./hashing.ts";
export { dequantizeInt8, INT8_BLOCK, quantizeInt8 } from "./int8.ts";
export { addClamped, decayAndAdd, type Magnitude, magnitudeOf } from "./vectors.ts";
export { type WeightedDelta, WeightedSum } from "./weighted-sum.ts";
