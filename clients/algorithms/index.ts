export * from "./aggregators/index.ts";
export * from "./audits.ts";
export { hashBlob } from "./blob-hash.ts";
export * from "./codecs/index.ts";
export { type CollectedRound, completeRound } from "./complete-round.ts";
export * from "./configuration.ts";
export * from "./contribution/index.ts";
export {
  addClamped,
  chunkLeavesFast,
  type Magnitude,
  magnitudeOf,
  vectorRootFast,
} from "./kernels/index.ts";
export * from "./pipeline/index.ts";
export { definePlugin, type PluginFactory, type Registry } from "./plugin.ts";
export { REGISTRIES, type Registries } from "./registries.ts";
export { type PublicRound, replayRound, type SignedUpdate } from "./replay.ts";
export * from "./rewards.ts";
export * from "./round.ts";
export { rewardsRoot, updatesRoot } from "./round-roots.ts";
export { CUSTOM_RULE, type Rule } from "./rule.ts";
export { isProvable, type Rules, rulesOf, rulesProblem } from "./rules.ts";
export * from "./screening/index.ts";
export * from "./strategies/index.ts";
export * from "./verification/index.ts";
