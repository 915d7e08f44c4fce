import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import {
  ENDPOINTS,
  ENVELOPE_HEADER,
  type Endpoint,
  isErrorCode,
  SIGNATURE_HEADER,
  sha256,
  signRequest,
  toBase58,
  toHex,
  urlOf,
  vectorToBytes,
} from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import fc from "fast-check";
import { sendRaw } from "../testing/actors/raw-request.ts";
import { openRouteBench, type RouteBench } from "../testing/stack/route-bench.ts";

const FUZZ_RUNS = 300;

describe("requests", () => {
  let bench: RouteBench;
  let client: RouteBench["client"];
  let federation: RouteBench["federation"];
  let address: string;
  let memberAt: RouteBench["memberAt"];
  let refused: RouteBench["refused"];

  before(async () => {
    bench = await openRouteBench();
    ({ client, federation, address, memberAt, refused } = bench);
  });
  after(() => bench.stop());

  test("an authority's request needs its own fresh, unused signature", async () => {
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

  test("no request makes a route fail", async () => {
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
});
