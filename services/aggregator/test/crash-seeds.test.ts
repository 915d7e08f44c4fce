import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { NIGHTLY, seeds } from "../../../test/nightly.ts";
import { until } from "../../../testing/index.ts";
import { clientOf, type TestClient } from "../testing/actors/client.ts";
import { testSurvey } from "../testing/actors/survey.ts";
import type { TestFederation } from "../testing/chain/federation.ts";
import { type ForgetfulChain, forgetfulChain } from "../testing/chain/forgetful-chain.ts";
import { CHEATS } from "../testing/crash/disputes.ts";
import { drawCrash, isAtStart } from "../testing/crash/draws.ts";
import { foundCrashFederation, type ScenarioKind } from "../testing/crash/federation.ts";
import type { Outcome } from "../testing/crash/outcome.ts";
import { runScenario, type ScenarioPlan, type Stage } from "../testing/crash/scenario.ts";
import { SeededDraws } from "../testing/crash/seeded-draws.ts";
import { type BreakingProcess, startBreaking } from "../testing/faults/breaking-process.ts";
import { type FaultPlan, NO_FAULTS } from "../testing/faults/fault-plan.ts";
import { FAULT_POINTS } from "../testing/faults/fault-points.ts";
import { freePort } from "../testing/stack/processes.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

const SAMPLE = 2;
const HOURS = 3_600_000;
const FULL: FaultPlan = {
  faults: [{ point: "file/write/before", occurrence: "every", action: "disk-full" }],
  clockOffset: 0,
};
const EVERY_NIGHT = 240;

/**
 * What these rounds never reach: two uploads of one member at the very same time, members that join
 * between two looks at the chain, demands that cannot be met, and transactions that the chain does
 * not show at once; authorities that change, readers of private federations, and blobs to which no
 * federation refers yet.
 */
const NOT_REACHED = new RegExp(
  [
    "^store.updates/(insert|supersede)/",
    // A dropped round that was planned and is not on chain yet.
    "^store.rounds/rebase/",
    "^ledger/member/",
    // Only tests read one dispute by its key.
    "^store.disputes/(find|fail)/",
    "^store.federations/setAuthority/",
    "^store.(members/ofKey|blobReferences/isUploader)/",
    "^chain/isBlockhashValid/",
  ].join("|"),
);

describe("killed at random points", () => {
  const survey = testSurvey();
  const draws = seeds(SAMPLE, EVERY_NIGHT).map((seed) => ({ seed, ...drawCrash(seed) }));
  const undisturbed = new Map<ScenarioKind, Outcome>();
  let stack: Stack;
  let client: TestClient;
  let server: BreakingProcess;
  let worker: BreakingProcess;
  let chain: ForgetfulChain;
  let stage: Stage;

  before(async () => {
    stack = await startStack({ redis: true, hurried: true });
    const [port, workerPort] = [await freePort(), await freePort()];
    chain = await forgetfulChain(stack.rpcUrl);
    client = clientOf(`http://127.0.0.1:${port}`);
    [server, worker] = await Promise.all([
      startBreaking(join(stack.folder, "server.faults"), (plan) =>
        stack.startServer(port, {}, { faults: plan }),
      ),
      startBreaking(join(stack.folder, "worker.faults"), (plan) =>
        stack.startWorker(
          { PLENARY_RPC_URL: chain.url, PLENARY_WORKER_PORT: String(workerPort) },
          { faults: plan, cheats: CHEATS },
        ),
      ),
    ]);
    stage = { stack, client, metricsUrl: `http://127.0.0.1:${workerPort}/metrics` };
    for (const kind of new Set(["plain" as const, ...draws.map((draw) => draw.kind)]))
      undisturbed.set(kind, await run(await foundFor(kind), { kind, seed: 0 }));
  });
  // Nothing that one test has left broken reaches another.
  beforeEach(() => {
    for (const process of [server, worker]) process.give([]);
    chain.forget(undefined);
  });
  after(async () => {
    await Promise.all([server.stop(), worker.stop()]);
    await chain.close();
    await stack.stop();
  });

  const run = (federation: TestFederation, plan: ScenarioPlan) =>
    runScenario(stage, federation, plan);
  const foundFor = (kind: ScenarioKind) => foundCrashFederation(stack, kind, survey);

  async function give(process: BreakingProcess, lives: readonly FaultPlan[]): Promise<void> {
    if (!isAtStart(lives[0])) return process.give(lives);
    process.give([NO_FAULTS, ...lives]);
    await process.kill();
  }

  for (const { seed, ...draw } of draws)
    test(`seed ${seed} (${draw.kind}): ${describeLives(draw.server)} and ${describeLives(draw.worker)}`, async () => {
      const federation = await foundFor(draw.kind);
      await Promise.all([give(server, draw.server), give(worker, draw.worker)]);
      const outcome = await run(federation, { kind: draw.kind, seed });
      assert.deepEqual(outcome, undisturbed.get(draw.kind));
    });

  for (const seed of seeds(1, 20))
    test(`seed ${seed}: a chain that forgets transactions, loses answers and lags`, async () => {
      const federation = await foundFor("plain");
      const before = chain.dropped;
      chain.forget(new SeededDraws(seed));
      const outcome = await run(federation, { kind: "plain", seed });
      assert.deepEqual(outcome, undisturbed.get("plain"));
      assert.ok(chain.dropped > before);
    });

  test("a chain that forgets transactions until they have expired: they are signed again, and take effect once", async () => {
    const federation = await foundFor("plain");
    const before = chain.expired;
    chain.expire();
    const disturb = async () => chain.expire();
    const outcome = await run(federation, { kind: "plain", seed: 0, disturb });
    assert.deepEqual(outcome, undisturbed.get("plain"));
    // What opens the first round, and what commits each.
    assert.equal(chain.expired - before, 3);
  });

  for (const seed of seeds(1, 10))
    test(`seed ${seed}: PostgreSQL killed in the middle of each round`, async () => {
      const disturb = async () => stack.killDatabase();
      const outcome = await run(await foundFor("plain"), {
        kind: "plain",
        seed,
        disturb,
      });
      assert.deepEqual(outcome, undisturbed.get("plain"));
    });

  for (const seed of seeds(1, 10))
    test(`seed ${seed}: Redis, which forgets everything, killed in the middle of each round`, async () => {
      const disturb = () => stack.restartRedis();
      const outcome = await run(await foundFor("plain"), {
        kind: "plain",
        seed,
        disturb,
      });
      assert.deepEqual(outcome, undisturbed.get("plain"));
    });

  test("full disks: 507, nothing is lost, and the round ends when there is space", async () => {
    const federation = await foundFor("plain");
    const mended: Promise<void>[] = [];
    const failures = async () => (await worker.output()).split('"storage-full"').length;
    const disturb = async () => {
      for (const process of [server, worker]) process.give([FULL]);
      await assert.rejects(client.uploadBlob(randomBytes(100), federation.authority), {
        status: 507,
        code: "storage-full",
      });
      server.give([]);
      // There is space again when the round has tried to end.
      const before = await failures();
      const failed = until("the worker to fail", async () => (await failures()) > before);
      mended.push(failed.then(() => worker.give([])));
    };
    const outcome = await run(federation, { kind: "plain", seed: 0, disturb });
    await Promise.all(mended);
    assert.deepEqual(outcome, undisturbed.get("plain"));
  });

  test("a server whose clock is hours off: updates get their receipts, requests that state a time are refused", async () => {
    const federation = await foundFor("plain");
    const offsets = [-9 * HOURS, 9 * HOURS];
    const disturb = async () => {
      server.give([{ faults: [], clockOffset: offsets.shift() ?? 0 }]);
      const upload = client.uploadBlob(randomBytes(100), federation.authority);
      await assert.rejects(upload, { code: "request-expired" });
    };
    const outcome = await run(federation, {
      kind: "plain",
      seed: 0,
      disturb,
      isObserved: false,
    });
    assert.deepEqual(outcome, undisturbed.get("plain"));
  });

  test("nothing that was half written is left after the next start", async () => {
    await Promise.all([server.kill(), worker.kill()]);
    assert.deepEqual(readdirSync(join(stack.folder, "blobs", "incoming")), []);
  });

  if (NIGHTLY)
    test("every point that these rounds reach was a death", () => {
      const fatal = new Set([...server.deaths, ...worker.deaths].map(({ point }) => point));
      const spared = FAULT_POINTS.filter((point) => !fatal.has(point) && !NOT_REACHED.test(point));
      assert.deepEqual(spared, []);
    });
});

function describeLives(lives: readonly FaultPlan[]): string {
  return lives
    .map(({ faults }) =>
      faults.map(({ point, occurrence }) => `${point} ${occurrence}`).join(" + "),
    )
    .join(", ");
}
