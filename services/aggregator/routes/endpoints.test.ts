import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ENDPOINTS, sha256, toBase58, toBase64, toHex } from "@plenary/protocol";
import { readEvents } from "../testing/actors/client.ts";
import { sendRaw } from "../testing/actors/raw-request.ts";
import { updateFor } from "../testing/actors/scenario.ts";
import {
  codeOf,
  OPERATOR_PASSWORD,
  openRouteBench,
  type RouteBench,
} from "../testing/stack/route-bench.ts";

describe("endpoints", () => {
  let bench: RouteBench;
  let client: RouteBench["client"];
  let federation: RouteBench["federation"];
  let round: RouteBench["round"];
  let address: string;
  let memberAt: RouteBench["memberAt"];
  let refused: RouteBench["refused"];

  before(async () => {
    bench = await openRouteBench();
    ({ client, federation, round, address, memberAt, refused } = bench);
  });
  after(() => bench.stop());

  test("every endpoint answers its own client", async () => {
    const params = { federation: address };
    const member = toBase58(memberAt(0).address);
    const [blob] = federation.blobs;
    assert.ok(blob);
    const signer = federation.authority;
    const update = await updateFor(client, federation, memberAt(2), round, { sequence: 77n });
    const calls: { [Operation in keyof typeof ENDPOINTS]: () => Promise<unknown> } = {
      serviceRead: () => client.call(ENDPOINTS.serviceRead, { params: {} }),
      federationList: () => client.call(ENDPOINTS.federationList, { params: {} }),
      federationRegister: () => client.register(federation),
      federationRead: () => client.call(ENDPOINTS.federationRead, { params }),
      // Nothing can be added here; added questions are questions.test.ts's.
      questionnaireExtend: () =>
        codeOf(
          client.call(ENDPOINTS.questionnaireExtend, {
            params,
            body: {
              message: toBase64(new Uint8Array(219)),
              signature: toBase64(new Uint8Array(64)),
              authority: federation.authority.publicKey.toBase58(),
            },
            signer,
          }),
        ),
      federationCheck: () => {
        const { configuration } = federation;
        return client.call(ENDPOINTS.federationCheck, { params: {}, body: { configuration } });
      },
      // This federation has no last round.
      federationExtend: () => {
        const body = { totalRounds: 9 };
        return codeOf(client.call(ENDPOINTS.federationExtend, { params, body, signer }));
      },
      federationPause: () => client.call(ENDPOINTS.federationPause, { params, signer }),
      federationResume: () => client.call(ENDPOINTS.federationResume, { params, signer }),
      operationsRead: () => client.call(ENDPOINTS.operationsRead, { params, signer }),
      operationsRetry: () => client.call(ENDPOINTS.operationsRetry, { params, signer }),
      memberList: () => client.call(ENDPOINTS.memberList, { params }),
      memberRead: () => client.call(ENDPOINTS.memberRead, { params: { ...params, member } }),
      rewardRead: () => client.call(ENDPOINTS.rewardRead, { params: { ...params, member } }),
      roundList: () =>
        client.call(ENDPOINTS.roundList, { params, query: { limit: 1, before: "2" } }),
      roundRead: () =>
        client.call(ENDPOINTS.roundRead, { params: { ...params, round: "current" } }),
      updateSubmit: () => client.submit(federation.address, 2n, update),
      updateList: () => client.call(ENDPOINTS.updateList, { params: { ...params, round: "1" } }),
      updateRead: () =>
        client.call(ENDPOINTS.updateRead, { params: { ...params, round: "1", member } }),
      manifestRead: () =>
        client.call(ENDPOINTS.manifestRead, { params: { ...params, round: "1" } }),
      // Nothing is audited here; an audited round is audit-round.test.ts's.
      auditList: () =>
        codeOf(client.call(ENDPOINTS.auditList, { params: { ...params, round: "1" } })),
      auditReportSubmit: () =>
        codeOf(
          client.call(ENDPOINTS.auditReportSubmit, {
            params: { ...params, round: "1" },
            body: {
              report: toBase64(new Uint8Array(252)),
              signature: toBase64(new Uint8Array(64)),
            },
          }),
        ),
      equivocationList: () =>
        client.call(ENDPOINTS.equivocationList, { params: { ...params, round: "1" } }),
      // No predictor fits this federation's model; predictions.test.ts predicts.
      predictionCreate: () =>
        codeOf(
          client.call(ENDPOINTS.predictionCreate, {
            params,
            body: { groups: [{ id: "g", answers: [{ question: "q", counts: [1, 1] }] }] },
          }),
        ),
      eventStream: () => readEvents(client.origin, federation.address, "0", () => true),
      blobRead: () => client.call(ENDPOINTS.blobRead, { params: { hash: toHex(sha256(blob)) } }),
      blobWrite: () => client.uploadBlob(blob, signer),
    };
    for (const [operation, call] of Object.entries(calls)) {
      const answer = await call();
      assert.ok(answer !== undefined || operation === "federationRegister", operation);
    }
  });

  test("the service describes itself", async () => {
    const get = (path: string) => sendRaw(client.origin, { method: "GET", path });
    const openapi = JSON.parse((await get("/openapi.json")).body.toString());
    const operations = Object.values(
      openapi.paths as Record<string, Record<string, { operationId: string }>>,
    ).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    for (const operation of Object.keys(ENDPOINTS))
      assert.ok(operations.includes(operation), operation);
    assert.equal((await get("/livez")).status, 200);
    assert.equal((await get("/readyz")).status, 200);
    assert.match((await get("/metrics")).body.toString(), /plenary_http_request_seconds_count/);
    assert.equal((await get("/docs/")).status, 200);
    await refused({ method: "GET", path: "/v2/nothing" }, "not-found");
  });

  test("pages of any origin may read, and may not write", async () => {
    const origin = { origin: "https://page.example" };
    for (const path of [
      "/v1/federations",
      "/v1/federations/nowhere",
      `/v1/blobs/${"0".repeat(64)}`,
    ]) {
      const { headers } = await sendRaw(client.origin, { method: "GET", path, headers: origin });
      assert.equal(headers["access-control-allow-origin"], "*", path);
      assert.match(String(headers["access-control-expose-headers"]), /x-request-id/);
      assert.equal(headers["access-control-allow-credentials"], undefined);
    }
    const preflight = await sendRaw(client.origin, {
      method: "OPTIONS",
      path: `/v1/federations/${address}/rounds`,
      headers: {
        ...origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "plenary-signature",
      },
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers["access-control-allow-methods"], "GET, HEAD");
    assert.match(String(preflight.headers["access-control-allow-headers"]), /plenary-signature/);
    const page = await sendRaw(client.origin, {
      method: "GET",
      path: "/operator/queues/",
      headers: origin,
    });
    assert.equal(page.headers["access-control-allow-origin"], undefined);
  });

  test("the queue's page is for the operator alone", async () => {
    const page = (credentials?: string) =>
      sendRaw(client.origin, {
        method: "GET",
        path: "/operator/queues/",
        headers:
          credentials === undefined
            ? {}
            : { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
      });
    assert.deepEqual(
      [
        (await page()).status,
        (await page("operator:wrong")).status,
        (await page(`operator:${OPERATOR_PASSWORD}`)).status,
      ],
      [401, 401, 200],
    );
    const api = await sendRaw(client.origin, {
      method: "GET",
      path: "/operator/queues/api/queues",
    });
    assert.equal(api.status, 401);
  });

  test("events resume after any id, without gap or repetition", async () => {
    const all = await readEvents(
      client.origin,
      federation.address,
      "0",
      ({ type, round }) => type === "round-opened" && round === "2",
    );
    assert.deepEqual(
      all.map(({ id }) => id),
      all.map((_, i) => String(i + 1)),
    );
    for (const { id } of all.slice(0, -1)) {
      const rest = await readEvents(
        client.origin,
        federation.address,
        id,
        ({ id }) => id === all.at(-1)?.id,
      );
      assert.deepEqual(rest, all.slice(Number(id)));
    }
  });

  test("a list from beyond the largest number begins with the newest", async () => {
    for (const before of [2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      const query = { before: before.toString(), limit: 1 };
      const { rounds } = await client.call(ENDPOINTS.roundList, {
        params: { federation: address },
        query,
      });
      assert.equal(rounds.length, 1);
    }
  });
});
