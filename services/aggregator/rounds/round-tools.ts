import { REGISTRIES, type Registries } from "@plenary/algorithms";
import type { BlobStore } from "../store/blobs/index.ts";
import type { Evaluator } from "./lifecycle/evaluator.ts";
import { ModelCache } from "./models/model-cache.ts";
import { RunningSums } from "./updates/running-sums.ts";
import { createScreener, type Screener } from "./updates/screener.ts";

/** What a worker keeps from one job to the next: caches, threads and loaded models. */
export interface RoundTools {
  readonly sums: RunningSums;
  readonly screener: Screener;
  readonly models: ModelCache;
  readonly evaluator: Evaluator;
}

export function openRoundTools(
  blobs: BlobStore,
  evaluator: Evaluator,
  registries: Registries = REGISTRIES,
): RoundTools {
  return {
    sums: new RunningSums(registries),
    screener: createScreener(registries),
    models: new ModelCache(blobs),
    evaluator,
  };
}
