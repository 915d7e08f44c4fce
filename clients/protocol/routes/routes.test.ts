import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import nacl from "tweetnacl";
import { PlenaryError } from "../errors.ts";
import { sha256 } from "../hash.ts";
import { ENDPOINTS, readRequestClaims, signRequest, urlOf, verifyRequest } from "./index.ts";

const keys = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(3));
const service = {
  genesisHash: new Uint8Array(32).fill(1),
  programId: new Uint8Array(32).fill(2),
  aggregator: new Uint8Array(32).fill(4),
};
const request = {
  service,
  method: "POST",
  path: "/v1/federations",
  bodyHash: sha256(),
  time: 1_000_000,
  nonce: "ab".repeat(16),
};

test("every endpoint is named by its operation, has a path of its own, and every path parameter a schema", () => {
  const seen = new Set<string>();
  for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
    assert.equal(endpoint.operation, name);
    assert.ok(!seen.has(`${endpoint.method} ${endpoint.path}`));
    seen.add(`${endpoint.method} ${endpoint.path}`);
    const parameters = [...endpoint.path.matchAll(/:([a-z]+)/g)].map((match) => match[1]);
    assert.deepEqual(
      Object.keys((endpoint.params as { properties?: object }).properties ?? {}),
      parameters,
    );
  }
});

test("URLs are filled in and escaped", () => {
  assert.equal(urlOf(ENDPOINTS.blobRead, { hash: "a/b" }), "/v1/blobs/a%2Fb");
  assert.equal(
    urlOf(ENDPOINTS.roundList, { federation: "f" }, { limit: 2, before: undefined }),
    "/v1/federations/f/rounds?limit=2",
  );
  assert.throws(() => urlOf(ENDPOINTS.memberRead, { federation: "f" }), /member is missing/);
});

test("a signed request verifies, and no other request does with its signature", () => {
  const headers = signRequest(request, keys.secretKey);
  const claims = readRequestClaims(headers, request.time + 59_000);
  verifyRequest(claims, request);
  const another = new Uint8Array(32).fill(9);
  for (const change of [
    { method: "PUT" },
    { path: "/v1/blobs" },
    { path: "/v1/federations?" },
    { bodyHash: sha256(Uint8Array.of(1)) },
    { service: { ...service, genesisHash: another } },
    { service: { ...service, programId: another } },
    { service: { ...service, aggregator: another } },
  ])
    assert.throws(() => verifyRequest(claims, { ...request, ...change }), /not signed by the key/);
  const moved = { ...headers, "plenary-time": String(request.time + 1) };
  assert.throws(() => verifyRequest(readRequestClaims(moved, request.time), request), /not signed/);
});

test("old, future and malformed claims are refused, naming the header", () => {
  const headers = signRequest(request, keys.secretKey);
  for (const now of [request.time + 60_001, request.time - 60_001])
    assert.throws(() => readRequestClaims(headers, now), { code: "request-expired" });
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(headers)), fc.string(), (name, text) => {
      try {
        verifyRequest(readRequestClaims({ ...headers, [name]: text }, request.time), request);
        assert.equal(text, headers[name]);
      } catch (error) {
        assert.ok(error instanceof PlenaryError || text === headers[name]);
      }
    }),
  );
});
