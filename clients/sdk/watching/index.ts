export type { WatchStanding } from "./watch-counters.ts";
export type { WatchEvent } from "./watch-events.ts";
export { type FederationWatch, watchFederation } from "./watch-federation.ts";
export type { WatchOptions } from "./watch-run.ts";
