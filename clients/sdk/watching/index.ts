export type { WatchEvent } from "./watch-events.ts";
export { type FederationWatch, type WatchOptions, watchFederation } from "./watch-federation.ts";
