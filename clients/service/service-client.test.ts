import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import {
  ENDPOINTS,
  ENVELOPE_HEADER,
  readRequestClaims,
  SIGNATURE_HEADER,
  sha256,
  toBase58,
  toHex,
  verifyRequest,
} from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import { createServiceClient, type ServiceClient } from "./service-client.ts";
import { refuse, sendJson, serve } from "./testing/http-server.ts";

const FEDERATION = toBase58(new Uint8Array(32).fill(5));
const QUICK = { attempts: 4, firstPause: 1, longestPause: 4 };
const SERVICE = {
  genesisHash: randomBytes(32),
  programId: randomBytes(32),
  aggregator: randomBytes(32),
};

function clientOf(url: string, timeout = 60_000): ServiceClient {
  return createServiceClient({ url, retry: QUICK, timeout });
}

describe("calls", () => {
  test("path, query and body are the endpoint's", async (t) => {
    const { url, received } = await serve(t, (_, response) =>
      sendJson(response, 200, { rounds: [] }),
    );
    await clientOf(`${url}/`).call(ENDPOINTS.roundList, {
      params: { federation: FEDERATION },
      query: { limit: 3 },
    });
    assert.deepEqual(
      received.map(({ method, path }) => [method, path]),
      [["GET", `/v1/federations/${FEDERATION}/rounds?limit=3`]],
    );
  });

  test("a signed request carries a signature over what is sent, with a new nonce each time it is tried", async (t) => {
    const authority = Keypair.generate();
    const body = randomBytes(100_000);
    const hash = toHex(sha256(body));
    const { url, received } = await serve(t, (_, response, number) => {
      if (number === 1) refuse(response, 503, "database-unavailable");
      else sendJson(response, 201, { hash, bytes: body.length });
    });
    await clientOf(url).call(ENDPOINTS.blobWrite, {
      params: { hash },
      body,
      signer: { secretKey: authority.secretKey, service: SERVICE },
    });
    const claims = received.map(({ headers, method, path, body: sent }) => {
      const claim = readRequestClaims(headers, Date.now());
      verifyRequest(claim, { service: SERVICE, method, path, bodyHash: sha256(sent) });
      assert.equal(toBase58(claim.key), authority.publicKey.toBase58());
      return claim;
    });
    assert.equal(claims.length, 2);
    assert.notEqual(claims[0]?.nonce, claims[1]?.nonce);
  });

  test("an upload is streamed with its length, its headers and its progress", async (t) => {
    const payload = randomBytes(1_000_000);
    const { url, received } = await serve(t, (_, response) =>
      sendJson(response, 202, {
        envelopeHash: "00".repeat(32),
        receipt: "AAAA",
        signature: "AAAA",
        aggregator: FEDERATION,
      }),
    );
    const seen: number[] = [];
    await clientOf(url).call(ENDPOINTS.updateSubmit, {
      params: { federation: FEDERATION, round: "3" },
      body: payload,
      headers: { [ENVELOPE_HEADER]: "AQID", [SIGNATURE_HEADER]: "BAUG" },
      onProgress: ({ bytes, total }) => {
        assert.equal(total, payload.length);
        seen.push(bytes);
      },
    });
    const [request] = received;
    assert.ok(request);
    assert.equal(Buffer.compare(request.body, payload), 0);
    assert.equal(request.headers["content-length"], String(payload.length));
    assert.equal(request.headers["content-type"], "application/octet-stream");
    assert.equal(request.headers[ENVELOPE_HEADER], "AQID");
    assert.equal(seen.at(-1), payload.length);
    assert.ok(seen.length > 10);
  });
});

describe("what is not a Plenary service", () => {
  test("nobody there, silence, another page, another JSON, a redirect: each is said in plain words", async (t) => {
    const { url } = await serve(t, ({ path }, response) => {
      if (path.startsWith("/silent")) return;
      if (path.startsWith("/html"))
        response.writeHead(200, { "content-type": "text/html" }).end("<html>");
      else if (path.startsWith("/json")) sendJson(response, 200, { hello: "world" });
      else if (path.startsWith("/redirect"))
        response.writeHead(302, { location: "/elsewhere" }).end();
      else response.writeHead(404).end("nothing here");
    });
    const call = (base: string, timeout = 60_000) =>
      clientOf(base, timeout).call(ENDPOINTS.federationList);
    const code = "service-unavailable";
    await assert.rejects(call("http://127.0.0.1:9"), {
      code,
      message: /127\.0\.0\.1:9 cannot be reached/,
    });
    await assert.rejects(call(`${url}/silent`, 50), { code, message: /no answer in time/ });
    await assert.rejects(call(`${url}/html`), { code, message: /not JSON/ });
    await assert.rejects(call(`${url}/json`), { code, message: /federationList/ });
    await assert.rejects(call(`${url}/redirect`), { code });
    await assert.rejects(call(`${url}/other`), { code, message: /answered 404/ });
    for (const wrong of ["", "nonsense", "ftp://127.0.0.1"])
      assert.throws(() => createServiceClient({ url: wrong }), { code: "invalid-input" });
  });
});

describe("downloads", () => {
  const blob = randomBytes(300_000);
  const hash = sha256(blob);

  test("a transfer that breaks continues where it stopped", async (t) => {
    const ranges: (string | undefined)[] = [];
    const { url } = await serve(t, ({ headers }, response, number) => {
      ranges.push(headers.range);
      const start = Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
      const rest = blob.subarray(start);
      if (start > 0)
        response.setHeader("content-range", `bytes ${start}-${blob.length - 1}/${blob.length}`);
      response.writeHead(start > 0 ? 206 : 200, { "content-length": String(rest.length) });
      if (number > 3) return void response.end(rest);
      response.write(rest.subarray(0, 90_000), () => response.destroy());
    });
    const progress: number[] = [];
    const bytes = await clientOf(url).download(hash, {
      onProgress: (at) => progress.push(at.bytes),
    });
    assert.equal(Buffer.compare(bytes, blob), 0);
    assert.equal(ranges.length, 4);
    assert.ok(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? "")));
    assert.deepEqual(
      progress,
      progress.toSorted((a, b) => a - b),
    );
    assert.equal(progress.at(-1), blob.length);
  });

  test("a service without ranges sends it all again", async (t) => {
    const { url } = await serve(t, (_, response, number) => {
      response.writeHead(200, { "content-length": String(blob.length) });
      if (number > 1) response.end(blob);
      else response.write(blob.subarray(0, 1_000), () => response.destroy());
    });
    assert.equal(Buffer.compare(await clientOf(url).download(hash), blob), 0);
  });

  test("other bytes than asked for are refused", async (t) => {
    const { url } = await serve(
      t,
      (_, response) => void response.writeHead(200).end(blob.subarray(1)),
    );
    await assert.rejects(clientOf(url).download(hash), {
      code: "verification-failed",
      message: /other bytes/,
    });
  });

  test("a missing blob is not asked for again", async (t) => {
    const { url, received } = await serve(t, (_, response) => refuse(response, 404, "not-found"));
    await assert.rejects(clientOf(url).download(hash), { code: "not-found" });
    assert.equal(received.length, 1);
  });

  test("an empty blob", async (t) => {
    const { url } = await serve(t, (_, response) => void response.writeHead(200).end());
    assert.equal((await clientOf(url).download(sha256())).length, 0);
  });
});
