import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { vectorRootFast } from "@plenary/algorithms";
import { ENDPOINTS, toBase58, toHex } from "@plenary/protocol";
import {
  checkManifest,
  checkModel,
  checkReceipt,
  checkRewards,
  expectedModel,
  replay,
} from "../testing/actors/checks.ts";
import { clientOf, readEvents, type TestClient } from "../testing/actors/client.ts";
import { submitAll, updateFor, waitForEvent } from "../testing/actors/scenario.ts";
import { testSurvey } from "../testing/actors/survey.ts";
import { createFederation } from "../testing/chain/federation.ts";
import { freePort } from "../testing/stack/processes.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

const PARAMETERS = 130;

for (const backend of ["redis", "postgresql"] as const)
  describe(`the service with its queue in ${backend}`, () => {
    let stack: Stack;
    let client: TestClient;

    before(async () => {
      stack = await startStack({ redis: backend === "redis" });
      const port = await freePort();
      await Promise.all([stack.startServer(port), stack.startWorker()]);
      client = clientOf(`http://127.0.0.1:${port}`);
    });
    after(() => stack.stop());

    const foundFederation = (plan: Partial<Parameters<typeof createFederation>[0]> = {}) =>
      createFederation({
        rpcUrl: stack.rpcUrl,
        aggregator: stack.aggregator,
        members: 3,
        parameterCount: PARAMETERS,
        ...plan,
      });

    test("runs rounds to their end: model, manifest, receipts, rewards and proofs agree with the roots on chain", async () => {
      const federation = await foundFederation();
      await client.register(federation);
      await submitAll(client, federation, 1n);
      await submitAll(client, federation, 2n);
      await waitForEvent(client, federation, "round-final", 2n);
      const rounds = [
        await client.round(federation.address, 1n),
        await client.round(federation.address, 2n),
      ];
      const [first, second] = rounds;
      assert.ok(first?.nextRoot && second?.nextRoot);
      assert.equal(first.nextRoot, toHex(vectorRootFast(expectedModel(federation, 1))));
      assert.equal(second.nextRoot, toHex(vectorRootFast(expectedModel(federation, 2))));
      assert.equal(second.baseRoot, first.nextRoot);
      await checkModel(client, second.nextBlob, second.nextRoot);
      await checkManifest(client, federation, second.manifest);
      await checkRewards(client, federation);
      for (const { transactions } of rounds)
        assert.ok(
          transactions.open && transactions.commit && transactions.finalize && !transactions.void,
        );
    });

    test("gives the same envelope the same receipt, and keeps the update with the highest sequence", async () => {
      const federation = await foundFederation();
      await client.register(federation);
      await waitForEvent(client, federation, "round-opened", 1n);
      const round = await client.round(federation.address, "current");
      const [member] = federation.members;
      assert.ok(member);
      const wrong = await updateFor(client, federation, member, round, {
        delta: new Int32Array(PARAMETERS).fill(9),
      });
      const receipt = await client.submit(federation.address, 1n, wrong);
      assert.deepEqual(await client.submit(federation.address, "current", wrong), receipt);
      checkReceipt(receipt, wrong.message, stack.aggregator.publicKey.toBytes());
      const right = await updateFor(client, federation, member, round, { sequence: 2n });
      const second = await client.submit(federation.address, 1n, right);
      assert.notEqual(second.receipt, receipt.receipt);
      assert.deepEqual(await client.submit(federation.address, 1n, wrong), receipt);
      await assert.rejects(
        client.submit(
          federation.address,
          1n,
          await updateFor(client, federation, member, round, { sequence: 1n, weight: 3 }),
        ),
        { status: 409, code: "equivocation" },
      );
      await submitAll(client, federation, 1n, federation.members.slice(1));
      await waitForEvent(client, federation, "round-committed", 1n);
      const params = { federation: toBase58(federation.address), round: "1" };
      const { updates } = await client.call(ENDPOINTS.updateList, { params });
      assert.deepEqual(updates.map(({ state }) => state).sort(), [
        "counted",
        "counted",
        "counted",
        "superseded",
      ]);
      const committed = await client.round(federation.address, 1n);
      assert.equal(committed.nextRoot, toHex(vectorRootFast(expectedModel(federation, 1))));
    });

    test("counts the good updates and says of the others why not, once everybody has sent", async () => {
      const federation = await foundFederation({
        members: 4,
        configuration: (defaults) => ({
          ...defaults,
          screening: { maxNorm: 1 },
          rounds: { ...defaults.rounds, quorum: 4, minimum: 1 },
        }),
      });
      await client.register(federation);
      await waitForEvent(client, federation, "round-opened", 1n);
      const round = await client.round(federation.address, 1n);
      const plans = [
        {},
        { change: { deltaRoot: new Uint8Array(32).fill(1) } },
        { payload: new Uint8Array(17) },
        { delta: new Int32Array(PARAMETERS).fill(2 ** 24) },
      ];
      for (const [i, member] of federation.members.entries())
        await client.submit(
          federation.address,
          1n,
          await updateFor(client, federation, member, round, plans[i] ?? {}),
        );
      await waitForEvent(client, federation, "round-committed", 1n);
      const reasons = [];
      for (const { address } of federation.members) {
        const params = {
          federation: toBase58(federation.address),
          round: "1",
          member: toBase58(address),
        };
        const { update } = await client.call(ENDPOINTS.updateRead, { params });
        reasons.push(`${update.state} ${update.reason?.name ?? "-"}`);
      }
      assert.deepEqual(reasons, [
        "counted -",
        "refused delta-root-mismatch",
        "refused payload-malformed",
        "refused norm-exceeded",
      ]);
      const view = await client.round(federation.address, 1n);
      assert.deepEqual([view.received, view.counted, view.refused], [4, 1, 3]);
    });

    test("makes a round with too few updates void, and opens the next number on the same model", async () => {
      const federation = await foundFederation({
        configuration: (defaults) => ({
          ...defaults,
          rounds: { quorum: 3, minimum: 2, deadlineSeconds: 1, graceSeconds: 1, total: 0 },
        }),
      });
      await client.register(federation);
      await waitForEvent(client, federation, "round-void", 1n);
      await waitForEvent(client, federation, "round-opened", 2n);
      const [one, two] = [
        await client.round(federation.address, 1n),
        await client.round(federation.address, 2n),
      ];
      assert.equal(one.state, "void");
      assert.ok(one.transactions.void);
      assert.equal(two.baseRoot, one.baseRoot);
    });

    test("stops after the configured number of rounds, and between rounds while paused", async () => {
      const federation = await foundFederation({
        members: 1,
        configuration: (defaults) => ({ ...defaults, rounds: { ...defaults.rounds, total: 2 } }),
      });
      const params = { federation: toBase58(federation.address) };
      await client.register(federation);
      await waitForEvent(client, federation, "round-opened", 1n);
      await client.call(ENDPOINTS.federationPause, { params, signer: federation.authority });
      await submitAll(client, federation, 1n);
      await waitForEvent(client, federation, "round-committed", 1n);
      const paused = await client.call(ENDPOINTS.federationRead, { params });
      assert.deepEqual([paused.status, paused.round], ["paused", null]);
      await client.call(ENDPOINTS.federationResume, { params, signer: federation.authority });
      await submitAll(client, federation, 2n);
      let isCommitted = false;
      await readEvents(client.origin, federation.address, "0", ({ type, round }) => {
        isCommitted ||= type === "round-committed" && round === "2";
        return isCommitted && type === "federation-changed";
      });
      const done = await client.call(ENDPOINTS.federationRead, { params });
      assert.deepEqual([done.status, done.committedRounds], ["complete", "2"]);
    });

    test("scores models on held-out answers: integers for pay, alignment for people, and the same when replayed", async () => {
      const survey = testSurvey();
      const federation = await foundFederation({
        parameterCount: survey.predictor.parameterCount,
        model: survey.predictor.initialParameters(1),
        blobs: survey.blobs,
        configuration: (defaults) => ({
          ...defaults,
          questionnaire: survey.questionnaireHash,
          predictor: survey.predictor.configuration,
          heldOut: survey.heldOutHash,
          contribution: { name: "leave-one-out", heldOut: survey.heldOutHash },
        }),
      });
      await client.register(federation);
      await submitAll(client, federation, 1n);
      await waitForEvent(client, federation, "round-committed", 1n);
      await waitForEvent(client, federation, "round-evaluated", 1n);
      const round = await client.round(federation.address, 1n);
      assert.deepEqual(
        round.evaluation?.groups.map(({ id }) => id),
        ["north", "south"],
      );
      const params = { federation: toBase58(federation.address), round: "1" };
      const manifest = await client.call(ENDPOINTS.manifestRead, { params });
      const { updates } = await client.call(ENDPOINTS.updateList, { params });
      assert.deepEqual(
        new Map(updates.map(({ member, score }) => [member, score])),
        new Map(manifest.scores.map(({ member, score }) => [member, score])),
      );
      assert.equal(await replay(client, federation, survey, manifest), round.manifest);
    });

    test("lets a member that joins during a round take part in the next", async () => {
      const federation = await foundFederation({
        members: 1,
        configuration: (defaults) => ({ ...defaults, rounds: { ...defaults.rounds, quorum: 1 } }),
      });
      await client.register(federation);
      await waitForEvent(client, federation, "round-opened", 1n);
      const late = await federation.join();
      const round = await client.round(federation.address, 1n);
      const early = await updateFor(client, federation, late, round, {
        delta: new Int32Array(PARAMETERS),
      });
      await assert.rejects(client.submit(federation.address, 1n, early), {
        code: "member-inactive",
      });
      await submitAll(client, federation, 1n);
      await waitForEvent(client, federation, "round-opened", 2n);
      const second = await client.round(federation.address, 2n);
      const update = await updateFor(client, federation, late, second, {
        delta: new Int32Array(PARAMETERS),
      });
      await client.submit(federation.address, 2n, update);
      await waitForEvent(client, federation, "round-committed", 2n);
    });
  });
