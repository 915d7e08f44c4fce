import assert from "node:assert/strict";
import { test } from "node:test";
import { EVALUATION_SEED as LOCAL_SEED } from "../deploy/local/follow-rounds.ts";
import { EVALUATION_SEED } from "../services/aggregator/rounds/lifecycle/evaluator.ts";

test("a local run draws the service's evaluation contexts, so that their scores compare", () => {
  assert.equal(LOCAL_SEED, EVALUATION_SEED);
});
