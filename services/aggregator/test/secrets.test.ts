import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import {
  ENVELOPE_HEADER,
  REQUEST_HEADERS,
  SIGNATURE_HEADER,
  sha256,
  signRequest,
  toBase58,
  toBase64,
  toHex,
} from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { clientOf, type TestClient } from "../testing/actors/client.ts";
import { type RawRequest, sendRaw } from "../testing/actors/raw-request.ts";
import { submitAll, updateFor, waitForEvent } from "../testing/actors/scenario.ts";
import { createFederation, type TestFederation } from "../testing/chain/federation.ts";
import type { TestUpdate } from "../testing/chain/sign-update.ts";
import { freePort, type TestProcess } from "../testing/stack/processes.ts";
import { type CuttableLink, proxyTo } from "../testing/stack/proxy.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

const OPERATOR_PASSWORD = "the operator's own password";
const WRONG_PASSWORD = "mistyped operator password";
const API_KEY = "6f1c2d7e9a8b4c35";

/** Ways in which bytes become text. */
function formsOf(bytes: Uint8Array): string[] {
  const forms = [bytes, bytes.subarray(0, 32)].flatMap((part) => [
    toHex(part),
    toHex(part).toUpperCase(),
    toBase58(part),
    toBase64(part).replace(/=+$/, ""),
    Buffer.from(part).toString("base64url"),
    [...part].join(","),
  ]);
  // A log may cut a text off, and JSON may spread an array over fields: "0":12,"1":34.
  return [...forms, [...bytes.subarray(0, 12)].map((byte, i) => `"${i}":${byte}`).join(",")];
}

describe("secrets", () => {
  let stack: Stack;
  let database: CuttableLink;
  let chain: CuttableLink;
  let client: TestClient;
  let federation: TestFederation;
  const processes: TestProcess[] = [];
  /** Bodies of refusals. */
  const refusals: string[] = [];
  /** Texts that must not appear anywhere. */
  const secrets = new Map<string, string>();
  const keep = (name: string, ...texts: string[]) => {
    for (const text of texts) secrets.set(text, name);
  };

  before(async () => {
    stack = await startStack({ redis: true });
    [database, chain] = await Promise.all([proxyTo(stack.databaseUrl), proxyTo(stack.rpcUrl)]);
    const settings = {
      DATABASE_URL: database.url,
      PLENARY_RPC_URL: `${chain.url}/?api-key=${API_KEY}`,
      PLENARY_LOG_LEVEL: "trace",
      PLENARY_OPERATOR_PASSWORD: OPERATOR_PASSWORD,
    };
    const port = await freePort();
    processes.push(
      ...(await Promise.all([stack.startServer(port, settings), stack.startWorker(settings)])),
    );
    client = clientOf(`http://127.0.0.1:${port}`);
    federation = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 2,
      parameterCount: 20,
    });
    keep("aggregator's secret key", ...formsOf(stack.aggregator.secretKey));
    keep("database password", new URL(stack.databaseUrl).password);
    keep("key of the RPC node", API_KEY);
    for (const password of [OPERATOR_PASSWORD, WRONG_PASSWORD])
      keep("operator password", password, Buffer.from(`operator:${password}`).toString("base64"));
  });
  after(async () => {
    await stack.stop();
    for (const link of [database, chain]) await link.close();
  });

  /** The first secret in a text, and where it is. Bytes may be printed over several lines. */
  function firstIn(text: string): string | undefined {
    for (const one of [text, text.replace(/\s+/g, "")])
      for (const [secret, name] of secrets) {
        assert.ok(secret.length >= 11, `${name} is long enough to be looked for`);
        const place = one.indexOf(secret);
        if (place >= 0) return `${name} in ...${one.slice(Math.max(0, place - 300), place + 100)}`;
      }
    return undefined;
  }

  async function send(request: RawRequest): Promise<number> {
    const answer = await sendRaw(client.origin, request);
    if (answer.status >= 400) refusals.push(answer.body.toString(), JSON.stringify(answer.headers));
    return answer.status;
  }

  async function signed(
    key: Keypair,
    path: string,
    body = "",
    time = Date.now(),
  ): Promise<RawRequest> {
    const request = {
      service: await client.identity(),
      method: "POST",
      path,
      bodyHash: sha256(Buffer.from(body)),
      time,
      nonce: randomBytes(16).toString("hex"),
    };
    const headers = signRequest(request, key.secretKey);
    keep("signature of a request", headers[REQUEST_HEADERS.signature] ?? "");
    return {
      method: "POST",
      path,
      headers: { ...headers, "content-type": "application/json" },
      body,
    };
  }

  function upload({ message, signature, payload }: TestUpdate, round: bigint): RawRequest {
    keep("signature of an envelope", toBase64(signature), toHex(signature));
    return {
      method: "POST",
      path: `/v1/federations/${toBase58(federation.address)}/rounds/${round}/updates`,
      body: payload,
      headers: {
        "content-type": "application/octet-stream",
        [ENVELOPE_HEADER]: toBase64(message),
        [SIGNATURE_HEADER]: toBase64(signature),
      },
    };
  }

  test("a round with everything that can go wrong", async () => {
    await client.register(federation);
    await waitForEvent(client, federation, "round-opened", 1n);
    const round = await client.round(federation.address, 1n);
    const [first, second] = federation.members;
    assert.ok(first && second);
    const pause = `/v1/federations/${toBase58(federation.address)}/pause`;
    const resume = `/v1/federations/${toBase58(federation.address)}/resume`;
    const request = await signed(federation.authority, pause);
    assert.deepEqual([await send(request), await send(request)], [200, 409]);
    assert.equal(await send(await signed(federation.authority, pause, "", 1_000)), 401);
    assert.equal(await send(await signed(first.owner, pause)), 403);
    assert.equal(
      await send(await signed(federation.authority, "/v1/federations", '{"address":')),
      400,
    );
    assert.equal(await send(await signed(federation.authority, resume)), 200);
    const good = await updateFor(client, federation, first, round, {});
    const other = await updateFor(client, federation, second, round, {});
    assert.equal(await send(upload({ ...good, signature: other.signature }, 1n)), 401);
    assert.equal(await send(upload({ ...good, payload: good.payload.subarray(4) }, 1n)), 400);
    assert.equal(await send(upload(good, 1n)), 202);
    for (const [password, status] of [
      [OPERATOR_PASSWORD, 200],
      [WRONG_PASSWORD, 401],
    ] as const) {
      const authorization = `Basic ${Buffer.from(`operator:${password}`).toString("base64")}`;
      const page = { method: "GET", path: "/operator/queues/", headers: { authorization } };
      assert.equal(await send(page), status);
    }
    database.cut();
    assert.equal(await send(upload(other, 1n)), 503);
    assert.equal(await send(await signed(federation.authority, pause)), 503);
    assert.equal(await send({ method: "GET", path: "/readyz" }), 503);
    database.mend();
    assert.equal(await send(upload(other, 1n)), 202);
    await waitForEvent(client, federation, "round-committed", 1n);
    await waitForEvent(client, federation, "round-opened", 2n);
    chain.cut();
    await submitAll(client, federation, 2n);
    await waitForEvent(client, federation, "round-closed", 2n);
    assert.equal(await send(await signed(federation.authority, pause)), 503);
    assert.equal(await send({ method: "GET", path: "/readyz" }), 503);
    chain.mend();
    await waitForEvent(client, federation, "round-committed", 2n);
  });

  test("starts that fail", async () => {
    const port = await freePort();
    const wrong: Record<string, string>[] = [
      { DATABASE_URL: "postgresql://somebody:hunter2hunter2@127.0.0.1:1/none" },
      { DATABASE_URL: "mysql://somebody:hunter2hunter2@127.0.0.1/none" },
      { REDIS_URL: "http://:hunter2hunter2@127.0.0.1:6379" },
      { PLENARY_OPERATOR_PASSWORD: "hunter2hunt" },
      { PLENARY_RPC_URL: `ws://127.0.0.1/?api-key=${API_KEY}` },
    ];
    keep("password of a setting", "hunter2hunt");
    for (const change of wrong)
      await assert.rejects(
        stack.startServer(port, { PLENARY_LOG_LEVEL: "trace", ...change }),
        (error: Error) => {
          assert.match(error.message, /ended with 1:/);
          refusals.push(error.message);
          return true;
        },
      );
  });

  test("a secret in a log would be found", () => {
    const { secretKey } = stack.aggregator;
    const leaks = [
      JSON.stringify([...secretKey]),
      JSON.stringify({ key: secretKey }),
      JSON.stringify({ key: Buffer.from(secretKey) }),
      `secret ${toBase58(secretKey)}`,
      `seed ${toHex(secretKey.subarray(0, 32))}`,
      inspect(secretKey, { maxArrayLength: null }),
      stack.databaseUrl,
    ];
    for (const leak of leaks) assert.ok(firstIn(leak) !== undefined, leak);
    assert.equal(firstIn("nothing of it"), undefined);
  });

  test("no secret is in the logs or in a refusal", () => {
    const logs = processes.map((process) => process.output());
    for (const log of logs) assert.ok(log.includes('"level":30'), "the log was read");
    assert.ok(logs.join("").includes("request refused") && refusals.length > 15);
    for (const text of [...logs, ...refusals]) assert.equal(firstIn(text), undefined);
  });
});
