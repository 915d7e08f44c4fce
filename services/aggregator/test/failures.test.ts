import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { ENDPOINTS, toBase58 } from "@plenary/protocol";
import { until } from "../../../testing/index.ts";
import { clientOf, type TestClient } from "../testing/actors/client.ts";
import { sendRaw } from "../testing/actors/raw-request.ts";
import { submitAll, updateFor, waitForEvent } from "../testing/actors/scenario.ts";
import { createFederation, type TestFederation } from "../testing/chain/federation.ts";
import { freePort } from "../testing/stack/processes.ts";
import { type CuttableLink, proxyTo } from "../testing/stack/proxy.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

const PARAMETERS = 20;

describe("the service without what it needs", () => {
  let stack: Stack;
  let client: TestClient;
  let database: CuttableLink;
  let redis: CuttableLink;
  let chain: CuttableLink;
  let federation: TestFederation;

  before(async () => {
    stack = await startStack({ redis: true });
    assert.ok(stack.redisUrl);
    [database, redis, chain] = await Promise.all([
      proxyTo(stack.databaseUrl),
      proxyTo(stack.redisUrl),
      proxyTo(stack.rpcUrl),
    ]);
    const broken = { DATABASE_URL: database.url, REDIS_URL: redis.url, PLENARY_RPC_URL: chain.url };
    const port = await freePort();
    await Promise.all([stack.startServer(port, broken), stack.startWorker(broken)]);
    client = clientOf(`http://127.0.0.1:${port}`);
    federation = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 2,
      parameterCount: PARAMETERS,
    });
    await client.register(federation);
  });
  after(async () => {
    await stack.stop();
    for (const proxy of [database, redis, chain]) await proxy.close();
  });

  const readiness = async () => {
    const answer = await sendRaw(client.origin, { method: "GET", path: "/readyz" });
    return { status: answer.status, ...JSON.parse(answer.body.toString()).dependencies };
  };
  const read = () =>
    client.call(ENDPOINTS.federationRead, { params: { federation: toBase58(federation.address) } });
  const ready = { status: 200, database: "ok", queue: "ok", chain: "ok", blobs: "ok" };

  test("database gone: 503 that says so, and everything accepted is still there when it is back", async () => {
    await waitForEvent(client, federation, "round-opened", 1n);
    const round = await client.round(federation.address, 1n);
    const [first, second] = federation.members;
    assert.ok(first && second);
    const updates = [
      await updateFor(client, federation, first, round, {}),
      await updateFor(client, federation, second, round, {}),
    ] as const;
    const receipt = await client.submit(federation.address, 1n, updates[0]);
    database.cut();
    await assert.rejects(read(), { status: 503, code: "database-unavailable" });
    await assert.rejects(client.submit(federation.address, 1n, updates[1]), {
      code: "database-unavailable",
    });
    assert.deepEqual(await readiness(), {
      ...ready,
      status: 503,
      database: "database-unavailable",
    });
    assert.equal((await sendRaw(client.origin, { method: "GET", path: "/livez" })).status, 200);
    database.mend();
    assert.deepEqual(await client.submit(federation.address, 1n, updates[0]), receipt);
    await client.submit(federation.address, 1n, updates[1]);
    await waitForEvent(client, federation, "round-committed", 1n);
  });

  test("queue gone: uploads get their receipts, and the round ends when it is back", async () => {
    await waitForEvent(client, federation, "round-opened", 2n);
    redis.cut();
    await submitAll(client, federation, 2n);
    assert.deepEqual(await readiness(), { ...ready, status: 503, queue: "queue-unavailable" });
    redis.mend();
    await waitForEvent(client, federation, "round-committed", 2n);
    // The worker may have reconnected to the queue before the server.
    await until("the server to reach the queue", async () => (await readiness()).queue === "ok");
    assert.deepEqual(await readiness(), ready);
  });

  test("chain gone: uploads continue, what needs the chain says so, and the round ends when it is back", async () => {
    await waitForEvent(client, federation, "round-opened", 3n);
    chain.cut();
    await submitAll(client, federation, 3n);
    await waitForEvent(client, federation, "round-closed", 3n);
    await assert.rejects(client.register(federation), { status: 503, code: "chain-unavailable" });
    assert.deepEqual(await readiness(), { ...ready, status: 503, chain: "chain-unavailable" });
    const call = {
      params: { federation: toBase58(federation.address) },
      signer: federation.authority,
    };
    const operations = () => client.call(ENDPOINTS.operationsRead, call);
    // The service reads the transactions after the round, which may move in between.
    await until("the round's commit to be planned", async () => {
      const { round, transactions } = await operations();
      const planned = transactions.some(
        (transaction) => transaction.round === "3" && transaction.kind === "commit",
      );
      return planned && round?.number === "3" && round.state === "committing";
    });
    chain.mend();
    await client.call(ENDPOINTS.operationsRetry, call);
    await waitForEvent(client, federation, "round-committed", 3n);
    assert.ok(
      !(await operations()).transactions.some(
        ({ round, kind }) => round === "3" && kind === "commit",
      ),
    );
    assert.equal((await read()).committedRounds, "3");
  });

  test("a start that cannot succeed ends with code 1 and says what to do", async () => {
    const port = await freePort();
    const taken = createServer().listen(port, "127.0.0.1");
    const cases: [Record<string, string>, RegExp][] = [
      [{}, /PLENARY_PORT/],
      [{ DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" }, /database/],
      [{ PLENARY_BLOBS: "/dev/null/blobs" }, /PLENARY_BLOBS/],
      [{ PLENARY_AGGREGATOR_KEY: "/nowhere" }, /PLENARY_AGGREGATOR_KEY/],
      [{ PLENARY_PROGRAM_ID: "x" }, /PLENARY_PROGRAM_ID/],
    ];
    for (const [change, message] of cases)
      await assert.rejects(stack.startServer(port, change), (error: Error) => {
        assert.match(error.message, /ended with 1:/);
        assert.match(error.message, message);
        return true;
      });
    taken.close();
  });
});
