export * from "./aggregators/index.ts";
export * from "./audits.ts";
export { hashBlob } from "./blob-hash.ts";
export * from "./compressors/index.ts";
export * from "./configuration.ts";
export * from "./contribution/index.ts";
export {
  addClamped,
  chunkLeavesFast,
  type Magnitude,
  magnitudeOf,
  vectorRootFast,
} from "./kernels/index.ts";
export * from "./replay.ts";
export * from "./rewards.ts";
export * from "./round.ts";
export * from "./screening/index.ts";
export * from "./strategies/index.ts";
export * from "./verification/index.ts";
