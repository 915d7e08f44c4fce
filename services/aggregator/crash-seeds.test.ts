import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { NIGHTLY, seeds } from "../../test/nightly.ts";
import { type FaultPlan, NO_FAULTS } from "./faults/fault-plan.ts";
import { FAULT_POINTS } from "./faults/fault-points.ts";
import { type BreakingProcess, startBreaking } from "./testing/breaking-process.ts";
import { clientOf, type TestClient } from "./testing/client.ts";
import { drawCrash, isAtStart } from "./testing/crash-draws.ts";
import {
  foundCrashFederation,
  type Outcome,
  runScenario,
  SCENARIOS,
  type ScenarioKind,
} from "./testing/crash-scenario.ts";
import { freePort } from "./testing/processes.ts";
import { type Stack, startStack } from "./testing/stack.ts";
import { testSurvey } from "./testing/survey.ts";

const SAMPLE = 4;
const EVERY_NIGHT = 240;

/**
 * What these rounds never come to: two uploads of one member at the very same time, members that join between two looks at the chain,
 * committed rounds that become void, and transactions that the chain refuses, or does not show at once.
 */
const NOT_REACHED = new RegExp(
  [
    "^store.updates/(insert|supersede)/",
    "^ledger/(member|disputes|answerDispute|resolveDispute)/",
    "^store.disputes/(find|insert|follow|demand|answer|fail|noteEndable|end|tally)/",
    "^store.rounds/findAt/",
    "^store.federations/restoreTip/",
    "^store.transactions/fail/",
    "^chain/getBlockHeight/",
  ].join("|"),
);

describe("killed at random points", () => {
  const survey = testSurvey();
  const undisturbed = new Map<ScenarioKind, Outcome>();
  let stack: Stack;
  let client: TestClient;
  let server: BreakingProcess;
  let worker: BreakingProcess;

  before(async () => {
    stack = await startStack({ redis: true });
    const port = await freePort();
    client = clientOf(`http://127.0.0.1:${port}`);
    [server, worker] = await Promise.all([
      startBreaking(join(stack.folder, "server.faults"), (change) => stack.startServer(port, change)),
      startBreaking(join(stack.folder, "worker.faults"), (change) => stack.startWorker(change)),
    ]);
    for (const kind of SCENARIOS)
      undisturbed.set(kind, await runScenario(stack, client, await found(kind), kind, 0));
  });
  after(async () => {
    await Promise.all([server.stop(), worker.stop()]);
    await stack.stop();
  });

  const found = (kind: ScenarioKind) => foundCrashFederation(stack, kind, survey);

  async function give(process: BreakingProcess, lives: readonly FaultPlan[]): Promise<void> {
    if (!isAtStart(lives[0])) return process.give(lives);
    process.give([NO_FAULTS, ...lives]);
    await process.kill();
  }

  for (const seed of seeds(SAMPLE, EVERY_NIGHT)) {
    const draw = drawCrash(seed);
    test(`seed ${seed} (${draw.kind}): ${describeLives(draw.server)} and ${describeLives(draw.worker)}`, async () => {
      const federation = await found(draw.kind);
      await Promise.all([give(server, draw.server), give(worker, draw.worker)]);
      const outcome = await runScenario(stack, client, federation, draw.kind, seed);
      for (const process of [server, worker]) process.give([]);
      assert.deepEqual(outcome, undisturbed.get(draw.kind));
    });
  }

  test("nothing that was half written is left after the next start", async () => {
    await Promise.all([server.kill(), worker.kill()]);
    assert.deepEqual(readdirSync(join(stack.folder, "blobs", "incoming")), []);
  });

  if (NIGHTLY)
    test("every point that these rounds come to was a death", () => {
      const fatal = new Set([...server.deaths, ...worker.deaths].map(({ point }) => point));
      const spared = FAULT_POINTS.filter((point) => !fatal.has(point) && !NOT_REACHED.test(point));
      assert.deepEqual(spared, []);
    });
});

function describeLives(lives: readonly FaultPlan[]): string {
  return lives
    .map(({ faults }) => faults.map(({ point, occurrence }) => `${point} ${occurrence}`).join(" + "))
    .join(", ");
}
