import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  checkEquivocation,
  ENDPOINTS,
  ENVELOPE_HEADER,
  type Endpoint,
  ERROR_STATUS,
  ErrorBody,
  fromHex,
  isErrorCode,
  parserOf,
  type RoundView,
  SIGNATURE_HEADER,
  sha256,
  signRequest,
  toBase58,
  toBase64,
  toHex,
  urlOf,
  vectorToBytes,
} from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import fc from "fast-check";
import { clientOf, Refusal, readEvents, type TestClient } from "../testing/actors/client.ts";
import { type RawRequest, sendRaw } from "../testing/actors/raw-request.ts";
import { submitAll, updateFor, waitForEvent } from "../testing/actors/scenario.ts";
import { createFederation, type TestFederation } from "../testing/chain/federation.ts";
import { signUpdate, type TestUpdate } from "../testing/chain/sign-update.ts";
import { freePort } from "../testing/stack/processes.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

const PARAMETERS = 250;
const FUZZ_RUNS = 300;
const PASSWORD = "the operator's password";

describe("routes", () => {
  let stack: Stack;
  let client: TestClient;
  let federation: TestFederation;
  let round: RoundView;
  let address: string;

  before(async () => {
    stack = await startStack({ redis: true });
    const port = await freePort();
    await Promise.all([
      stack.startServer(port, { PLENARY_OPERATOR_PASSWORD: PASSWORD }),
      stack.startWorker(),
    ]);
    client = clientOf(`http://127.0.0.1:${port}`);
    federation = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 4,
      parameterCount: PARAMETERS,
      model: Int32Array.from({ length: PARAMETERS }, (_, i) => 7919 * i),
    });
    address = toBase58(federation.address);
    await client.register(federation);
    await submitAll(client, federation, 1n);
    await waitForEvent(client, federation, "round-final", 1n);
    await waitForEvent(client, federation, "round-opened", 2n);
    round = await client.round(federation.address, 2n);
  });
  after(() => stack.stop());

  const memberAt = (place: number) => {
    const member = federation.members[place];
    assert.ok(member);
    return member;
  };

  function uploadOf(update: TestUpdate, change: Partial<RawRequest> = {}): RawRequest {
    return {
      method: "POST",
      path: `/v1/federations/${address}/rounds/2/updates`,
      body: update.payload,
      ...change,
      headers: {
        "content-type": "application/octet-stream",
        [ENVELOPE_HEADER]: toBase64(update.message),
        [SIGNATURE_HEADER]: toBase64(update.signature),
        ...change.headers,
      },
    };
  }

  /** The code that a call is refused with. */
  async function codeOf(call: Promise<unknown>): Promise<string> {
    return call.then(
      () => assert.fail("it was not refused"),
      (error: unknown) => (error instanceof Refusal ? error.code : assert.fail(String(error))),
    );
  }

  async function refused(request: RawRequest, code: string): Promise<void> {
    const answer = await sendRaw(client.origin, request);
    assert.equal(answer.code, code, answer.body.toString());
    assert.ok(isErrorCode(code));
    assert.equal(answer.status, ERROR_STATUS[code]);
    const { error } = parserOf(ErrorBody, "Refusal")(JSON.parse(answer.body.toString()));
    assert.ok(error.message.length > 10 && error.requestId === answer.headers["x-request-id"]);
  }

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
      eventStream: () => readEvents(client.origin, federation.address, "0", () => true),
      blobRead: () => client.call(ENDPOINTS.blobRead, { params: { hash: toHex(sha256(blob)) } }),
      blobWrite: () => client.uploadBlob(blob, signer),
    };
    for (const [operation, call] of Object.entries(calls)) {
      const answer = await call();
      assert.ok(answer !== undefined || operation === "federationRegister", operation);
    }
  });

  test("what is refused of an envelope before its payload is read", async () => {
    const good = await updateFor(client, federation, memberAt(0), round, { sequence: 5n });
    const signed = (change: Parameters<typeof updateFor>[4]) =>
      updateFor(client, federation, memberAt(0), round, { sequence: 5n, ...change });
    const stranger = { ...memberAt(0), address: Keypair.generate().publicKey.toBytes() };
    await refused(uploadOf({ ...good, message: good.message.slice(1) }), "malformed-envelope");
    await refused(
      uploadOf({ ...good, message: good.message.map((byte, i) => (i === 3 ? 0 : byte)) }),
      "malformed-envelope",
    );
    await refused(
      uploadOf(good, { headers: { [ENVELOPE_HEADER]: "no base64!" } }),
      "malformed-envelope",
    );
    await refused(
      uploadOf(good, { headers: { [SIGNATURE_HEADER]: toBase64(new Uint8Array(64)) } }),
      "signature-invalid",
    );
    await refused(uploadOf(good, { headers: { [SIGNATURE_HEADER]: "AAAA" } }), "signature-invalid");
    await refused(
      uploadOf(await signed({ change: { genesisHash: new Uint8Array(32) } })),
      "wrong-chain",
    );
    await refused(
      uploadOf(await signed({ change: { programId: new Uint8Array(32) } })),
      "wrong-chain",
    );
    await refused(
      uploadOf(await signed({ change: { federation: new Uint8Array(32) } })),
      "wrong-chain",
    );
    await refused(uploadOf(await signed({ round: 3n })), "wrong-round");
    await refused(uploadOf(await signed({ round: 2n ** 64n - 1n })), "wrong-round");
    await refused(uploadOf(await signed({ baseRoot: new Uint8Array(32) })), "base-stale");
    await refused(uploadOf(await signed({ change: { codec: 9 } })), "codec-refused");
    await refused(uploadOf(await signed({ weight: 0 })), "weight-out-of-range");
    await refused(uploadOf(await signed({ weight: 1001 })), "weight-out-of-range");
    await refused(
      uploadOf(await signed({ change: { payloadLength: 2 ** 31 } })),
      "payload-too-large",
    );
    await refused(
      uploadOf(await updateFor(client, federation, stranger, round, {})),
      "member-unknown",
    );
    await refused(
      uploadOf(good, { path: `/v1/federations/${address}/rounds/9/updates` }),
      "not-found",
    );
    const closed = await client.round(federation.address, 1n);
    const late = await updateFor(client, federation, memberAt(0), closed, { sequence: 9n });
    await refused(
      uploadOf(late, { path: `/v1/federations/${address}/rounds/1/updates` }),
      "round-closed",
    );
  });

  test("what is refused of a payload, and that nothing of it stays", async () => {
    const delta = new Int32Array(PARAMETERS).fill(4711);
    const update = await updateFor(client, federation, memberAt(0), round, { sequence: 6n, delta });
    const { payload } = update;
    await refused(uploadOf(update, { body: payload.subarray(1) }), "payload-truncated");
    await refused(
      uploadOf(update, { body: Buffer.concat([payload, payload]) }),
      "payload-too-large",
    );
    const chunked = { "transfer-encoding": "chunked" };
    await refused(
      uploadOf(update, { body: payload.subarray(1), headers: chunked }),
      "payload-truncated",
    );
    await refused(
      uploadOf(update, { body: Buffer.concat([payload, payload]), headers: chunked }),
      "payload-too-large",
    );
    await refused(
      uploadOf(update, { body: payload.map((byte) => byte ^ 1) }),
      "payload-hash-mismatch",
    );
    await refused(
      uploadOf(update, { body: gzipSync(payload), headers: { "content-encoding": "gzip" } }),
      "content-encoding-refused",
    );
    await refused(
      uploadOf(update, { headers: { "content-type": "application/json" } }),
      "content-type-refused",
    );
    await refused(
      uploadOf(update, { headers: { "content-type": "text/plain" } }),
      "content-type-refused",
    );
    await assert.rejects(
      sendRaw(
        client.origin,
        uploadOf(update, { cutAfter: 100, headers: { "content-length": String(payload.length) } }),
      ),
    );
    const params = { hash: toHex(sha256(payload)) };
    await assert.rejects(client.call(ENDPOINTS.blobRead, { params }), { code: "not-found" });
    const standing = { federation: address, round: "2", member: toBase58(memberAt(0).address) };
    await assert.rejects(client.call(ENDPOINTS.updateRead, { params: standing }), {
      code: "not-found",
    });
    await client.submit(federation.address, 2n, update);
  });

  test("sequences only rise, and two envelopes with one sequence are evidence", async () => {
    const of = (sequence: bigint, weight: number) =>
      updateFor(client, federation, memberAt(1), round, { sequence, weight });
    await client.submit(federation.address, 2n, await of(10n, 1));
    await refused(uploadOf(await of(9n, 1)), "sequence-stale");
    const contradiction = await of(10n, 2);
    await refused(uploadOf(contradiction), "equivocation");
    const { equivocations } = await client.call(ENDPOINTS.equivocationList, {
      params: { federation: address, round: "2" },
    });
    const evidence = equivocations.find(
      ({ second }) => second.envelope === toBase64(contradiction.message),
    );
    assert.ok(evidence);
    assert.deepEqual(checkEquivocation(evidence).member, memberAt(1).address);
    await client.submit(federation.address, 2n, await of(2n ** 64n - 1n, 1));
    await refused(uploadOf(await of(11n, 1)), "sequence-stale");
  });

  test("two uploads at once with one sequence: one gets the receipt, the other is equivocation", async () => {
    const of = (weight: number) =>
      updateFor(client, federation, memberAt(0), round, { sequence: 50n, weight });
    const outcomes = await Promise.allSettled(
      (await Promise.all([of(1), of(2), of(3)])).map((update) =>
        client.submit(federation.address, 2n, update),
      ),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") assert.equal(outcome.reason.code, "equivocation");
  });

  test("operator requests need the authority's own, fresh, unused signature over this very request", async () => {
    const path = `/v1/federations/${address}/pause`;
    const service = await client.identity();
    const sign = (change: { path?: string; time?: number; key?: Keypair; nonce?: string }) =>
      signRequest(
        {
          service,
          method: "POST",
          path: change.path ?? path,
          bodyHash: sha256(),
          time: change.time ?? Date.now(),
          nonce: change.nonce ?? randomBytes(16).toString("hex"),
        },
        (change.key ?? federation.authority).secretKey,
      );
    const pause = (headers: Record<string, string>) => ({ method: "POST", path, headers });
    await refused(pause({}), "signature-invalid");
    await refused(pause(sign({ path: "/v1/federations" })), "signature-invalid");
    await refused(pause(sign({ time: Date.now() - 61_000 })), "request-expired");
    await refused(pause(sign({ key: Keypair.generate() })), "not-authority");
    const headers = sign({});
    assert.equal((await sendRaw(client.origin, pause(headers))).status, 200);
    await refused(pause(headers), "request-replayed");
    await client.call(ENDPOINTS.federationResume, {
      params: { federation: address },
      signer: federation.authority,
    });
  });

  test("a configuration that does not fit the chain or its own rules is refused", async () => {
    const service = await client.identity();
    const post = (configuration: unknown, signer = federation.authority, to = address) =>
      postText(JSON.stringify({ address: to, configuration }), signer);
    const postText = (body: string, signer = federation.authority) => {
      const request = {
        method: "POST",
        path: "/v1/federations",
        bodyHash: sha256(Buffer.from(body)),
      };
      const nonce = randomBytes(16).toString("hex");
      const signature = signRequest(
        { service, ...request, time: Date.now(), nonce },
        signer.secretKey,
      );
      return { ...request, headers: { "content-type": "application/json", ...signature }, body };
    };
    const { configuration } = federation;
    await refused(post({ ...configuration, name: "other" }), "configuration-mismatch");
    await refused(post({ ...configuration, extra: 1 }), "invalid-input");
    await refused(post({ ...configuration, codecs: [] }), "invalid-input");
    await refused(post(configuration, Keypair.generate()), "not-authority");
    await refused(
      post(configuration, federation.authority, toBase58(new Uint8Array(32).fill(7))),
      "not-found",
    );
    await refused(postText("{"), "invalid-input");
    await refused(postText('{"__proto__":1}'), "invalid-input");
    await refused({ ...post(configuration), body: "{" }, "signature-invalid");
  });

  test("blobs: ranges, conditions, HEAD, caching, and who may write", async () => {
    const bytes = Buffer.from(vectorToBytes(federation.model));
    const path = `/v1/blobs/${toHex(sha256(bytes))}`;
    await assert.rejects(client.uploadBlob(bytes, Keypair.generate()), { code: "not-authority" });
    const get = (headers: Record<string, string>, method = "GET") =>
      sendRaw(client.origin, { method, path, headers });
    const whole = await get({});
    assert.deepEqual(whole.body, bytes);
    assert.match(String(whole.headers["cache-control"]), /immutable/);
    assert.equal((await get({ "if-none-match": String(whole.headers.etag) })).status, 304);
    const head = await get({}, "HEAD");
    assert.deepEqual(
      [head.status, head.headers["content-length"], head.body.length],
      [200, "1000", 0],
    );
    for (const [range, start, end] of [
      ["bytes=0-0", 0, 0],
      ["bytes=990-", 990, 999],
      ["bytes=-10", 990, 999],
      ["bytes=5-2000", 5, 999],
    ] as const) {
      const part = await get({ range });
      assert.equal(part.status, 206);
      assert.equal(part.headers["content-range"], `bytes ${start}-${end}/1000`);
      assert.deepEqual(part.body, bytes.subarray(start, end + 1));
    }
    for (const range of ["bytes=1000-", "bytes=-0"])
      await refused({ method: "GET", path, headers: { range } }, "range-not-satisfiable");
    for (const range of ["lines=1-2", "bytes=1-2,4-5", "bytes=5-4"])
      assert.equal((await get({ range })).status, 200);
    await refused({ method: "GET", path: `/v1/blobs/${"0".repeat(64)}` }, "not-found");
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
        (await page(`operator:${PASSWORD}`)).status,
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

  test("no request whatsoever makes a route fail", async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.constantFrom("current", "0", "18446744073709551616", address, "f".repeat(64)),
    );
    const request = fc.record({
      endpoint: fc.constantFrom<Endpoint>(
        ...Object.values(ENDPOINTS).filter(({ response }) => response !== "events"),
      ),
      params: fc.dictionary(
        fc.constantFrom("federation", "round", "member", "hash"),
        text.filter((s) => s !== "" && s !== "." && s !== ".."),
      ),
      query: fc.dictionary(fc.constantFrom("before", "limit", "x"), text),
      type: fc.constantFrom("application/json", "application/octet-stream", "text/html", ";"),
      body: fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.json().map((json) => new TextEncoder().encode(json)),
      ),
      headers: fc.dictionary(
        fc.constantFrom(
          ENVELOPE_HEADER,
          SIGNATURE_HEADER,
          "plenary-key",
          "plenary-nonce",
          "plenary-time",
          "range",
          "content-encoding",
        ),
        fc.oneof(
          fc.base64String({ maxLength: 500 }),
          fc.constantFrom("bytes=0-", "bytes=-1", "gzip"),
        ),
      ),
    });
    const params = {
      federation: address,
      round: "2",
      member: toBase58(memberAt(0).address),
      hash: "0".repeat(64),
    };
    await fc.assert(
      fc.asyncProperty(request, async ({ endpoint, query, type, body, headers, ...fuzzed }) => {
        const path = urlOf(endpoint, { ...params, ...fuzzed.params }, query);
        const hasBody = endpoint.method !== "GET";
        const answer = await sendRaw(client.origin, {
          method: endpoint.method,
          path,
          headers: { ...headers, ...(hasBody ? { "content-type": type } : {}) },
          ...(hasBody ? { body } : {}),
        });
        assert.ok(answer.status < 500, `${endpoint.method} ${path}: ${answer.body}`);
        if (answer.status >= 400)
          assert.ok(answer.code !== undefined && isErrorCode(answer.code), answer.body.toString());
      }),
      { numRuns: FUZZ_RUNS },
    );
  });

  test("no signed envelope whatsoever makes the service fail", async () => {
    const view = await client.call(ENDPOINTS.federationRead, { params: { federation: address } });
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const u32 = fc.nat({ max: 2 ** 32 - 1 });
    const change = fc.record(
      {
        round: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        codec: fc.nat({ max: 255 }),
        payloadLength: u32,
        payloadHash: hash,
        weight: u32,
        deltaRoot: hash,
        baseRoot: hash,
        member: hash,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(change, fc.uint8Array({ maxLength: 600 }), async (changed, payload) => {
        const update = signUpdate(memberAt(1), {
          genesisHash: fromHex(view.genesisHash),
          federation: federation.address,
          round: 2n,
          baseRoot: fromHex(round.baseRoot),
          delta: new Int32Array(PARAMETERS),
          payload,
          change: changed,
        });
        const answer = await sendRaw(client.origin, uploadOf(update));
        assert.ok(answer.status < 500, answer.body.toString());
      }),
      { numRuns: FUZZ_RUNS / 3 },
    );
  });
});
