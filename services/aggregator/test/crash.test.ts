import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { drawn } from "../../../test/nightly.ts";
import { clientOf, type TestClient } from "../testing/actors/client.ts";
import { submitAll, updateFor, waitForEvent } from "../testing/actors/scenario.ts";
import { createFederation, type TestFederation } from "../testing/chain/federation.ts";
import { freePort, type TestProcess } from "../testing/stack/processes.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

const PARAMETERS = 130;
/** A step of the server's momentum builds on another one from the second round on. */
const ROUNDS = BigInt(drawn(2, 3));
/** What a worker has just done when it is killed. */
const STEPS = [
  "update-received",
  "update-screened",
  "round-closed",
  "round-committed",
  "round-opened",
] as const;

describe("the service, killed at any time", () => {
  let stack: Stack;
  let client: TestClient;
  let port: number;
  let server: TestProcess;
  let worker: TestProcess;
  let undisturbed: (string | null)[];

  before(async () => {
    stack = await startStack({ redis: true });
    port = await freePort();
    [server, worker] = await Promise.all([stack.startServer(port), stack.startWorker()]);
    client = clientOf(`http://127.0.0.1:${port}`);
    const federation = await registeredFederation();
    for (let round = 1n; round <= STEPS.length; round++) await submitAll(client, federation, round);
    undisturbed = await rootsOf(federation, STEPS.length);
  });
  after(() => stack.stop());

  async function registeredFederation(): Promise<TestFederation> {
    const federation = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 4,
      parameterCount: PARAMETERS,
      configuration: (defaults) => ({
        ...defaults,
        strategy: { name: "fedavgm", momentum: 30_000 },
      }),
    });
    await client.register(federation);
    return federation;
  }

  /** The next model of each of the first rounds, once all are final. */
  async function rootsOf(
    federation: TestFederation,
    rounds = Number(ROUNDS),
  ): Promise<(string | null)[]> {
    await waitForEvent(client, federation, "round-final", BigInt(rounds));
    const roots = [];
    for (let round = 1n; round <= rounds; round++)
      roots.push((await client.round(federation.address, round)).nextRoot);
    return roots;
  }

  // Each step in one round, or at night in every round.
  for (let first = 0; first < drawn(1, STEPS.length); first++)
    test(`kill -9 of the worker after ${STEPS[first]}, and after another step in each round: the same models`, async () => {
      const federation = await registeredFederation();
      for (let round = 1n; round <= STEPS.length; round++) {
        const step = STEPS[(first + Number(round) - 1) % STEPS.length]!;
        const killed = waitForEvent(client, federation, step, round).then(async () => {
          await worker.kill();
          worker = await stack.startWorker();
        });
        await submitAll(client, federation, round);
        await killed;
      }
      assert.deepEqual(await rootsOf(federation, STEPS.length), undisturbed);
    });

  test("kill -9 of the server between uploads: an update with a receipt stays, one without is sent again", async () => {
    const federation = await registeredFederation();
    for (let number = 1n; number <= ROUNDS; number++) {
      await waitForEvent(client, federation, "round-opened", number);
      const round = await client.round(federation.address, number);
      const updates = [];
      for (const member of federation.members)
        updates.push(await updateFor(client, federation, member, round, {}));
      const receipts = updates.map((update) =>
        client.submit(federation.address, number, update).catch(() => undefined),
      );
      await Promise.race(receipts);
      await server.kill();
      server = await stack.startServer(port);
      for (const [i, update] of updates.entries()) {
        const before = await receipts[i];
        const now = await client.submit(federation.address, number, update);
        if (before !== undefined) assert.deepEqual(now, before);
      }
    }
    assert.deepEqual(await rootsOf(federation), undisturbed.slice(0, Number(ROUNDS)));
  });

  test("kill -9 of Redis, which forgets everything, and of the chain's node, in the middle of each round", async () => {
    const federation = await registeredFederation();
    for (let round = 1n; round <= ROUNDS; round++) {
      await submitAll(client, federation, round, federation.members.slice(0, 2));
      await Promise.all([stack.restartRedis(), stack.restartLocalnet()]);
      await submitAll(client, federation, round, federation.members.slice(2));
    }
    assert.deepEqual(await rootsOf(federation), undisturbed.slice(0, Number(ROUNDS)));
  });

  test("everything killed at once, and two workers afterwards", async () => {
    const federation = await registeredFederation();
    for (let round = 1n; round <= ROUNDS; round++) {
      await submitAll(client, federation, round, federation.members.slice(0, 3));
      await Promise.all([
        server.kill(),
        worker.kill(),
        stack.restartRedis(),
        stack.restartLocalnet(),
      ]);
      const [started, first, second] = await Promise.all([
        stack.startServer(port),
        stack.startWorker(),
        stack.startWorker(),
      ]);
      [server, worker] = [started, first];
      await submitAll(client, federation, round, federation.members.slice(3));
      await waitForEvent(client, federation, "round-committed", round);
      await second.kill();
    }
    assert.deepEqual(await rootsOf(federation), undisturbed.slice(0, Number(ROUNDS)));
  });
});
