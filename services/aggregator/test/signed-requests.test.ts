import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  ENDPOINTS,
  ENVELOPE_HEADER,
  REQUEST_HEADERS,
  REQUEST_WINDOW_MILLISECONDS,
  type ServiceIdentity,
  SIGNATURE_HEADER,
  sha256,
  signRequest,
  toBase58,
  toBase64,
} from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import { until } from "../../../testing/index.ts";
import { openDatabase } from "../store/database.ts";
import { storeOn } from "../store/index.ts";
import { clientOf, type TestClient } from "../testing/actors/client.ts";
import { type RawRequest, sendRaw } from "../testing/actors/raw-request.ts";
import { updateFor, waitForEvent } from "../testing/actors/scenario.ts";
import { createFederation, type TestFederation } from "../testing/chain/federation.ts";
import type { TestUpdate } from "../testing/chain/sign-update.ts";
import { formatFaultPlan } from "../testing/faults/fault-plan.ts";
import { freePort, type TestProcess } from "../testing/stack/processes.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

const SIGNED_LIMIT = 4;
const UPLOAD_LIMIT = 2;
const HOURS = 3_600_000;
/**
 * As far ahead as a client's clock may be: the start of processes then takes less time than a
 * request is valid.
 */
const timeAhead = () => Date.now() + REQUEST_WINDOW_MILLISECONDS - 10_000;

describe("signed requests at two servers of one service", () => {
  let stack: Stack;
  let servers: TestProcess[];
  let first: TestClient;
  let second: TestClient;
  let limited: TestClient;
  let federation: TestFederation;
  let service: ServiceIdentity;
  let path: string;

  before(async () => {
    stack = await startStack({ redis: true });
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    servers = await Promise.all([stack.startServer(ports[0]), stack.startServer(ports[1])]);
    await stack.startServer(ports[2], {
      PLENARY_SIGNED_RATE_LIMIT: String(SIGNED_LIMIT),
      PLENARY_UPLOAD_RATE_LIMIT: String(UPLOAD_LIMIT),
    });
    await stack.startWorker();
    [first, second, limited] = ports.map((port) => clientOf(`http://127.0.0.1:${port}`)) as [
      TestClient,
      TestClient,
      TestClient,
    ];
    federation = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 3,
      parameterCount: 8,
    });
    await first.register(federation);
    service = await first.identity();
    path = `/v1/federations/${toBase58(federation.address)}/pause`;
  });
  after(() => stack.stop());

  const signed = (key: Keypair, time = Date.now(), of = service): RawRequest => ({
    method: "POST",
    path,
    headers: signRequest(
      {
        service: of,
        method: "POST",
        path,
        bodyHash: sha256(),
        time,
        nonce: randomBytes(16).toString("hex"),
      },
      key.secretKey,
    ),
  });
  const codes = async (to: TestClient, requests: readonly RawRequest[]) => {
    const answers = [];
    for (const request of requests) answers.push(await sendRaw(to.origin, request));
    return answers.map(({ code, status }) => code ?? status);
  };

  test("a request is good once, at any server, also after a restart of both", async () => {
    const request = signed(federation.authority, timeAhead());
    assert.deepEqual(await codes(first, [request]), [200]);
    assert.deepEqual(await codes(second, [request]), ["request-replayed"]);
    await Promise.all(servers.map((server) => server.kill()));
    servers = await Promise.all(
      [first, second].map(({ origin }) => stack.startServer(Number(new URL(origin).port))),
    );
    for (const client of [first, second])
      assert.deepEqual(await codes(client, [request]), ["request-replayed"]);
  });

  test("a request that is sent to both servers at once counts once", async () => {
    const request = signed(federation.authority);
    const answers = await Promise.all(
      [first, second, first, second].map(({ origin }) => sendRaw(origin, request)),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409]);
  });

  test("a request's time may be a minute off, and no more", async () => {
    const near = REQUEST_WINDOW_MILLISECONDS - 10_000;
    const far = REQUEST_WINDOW_MILLISECONDS + 10_000;
    const at = (difference: number) => signed(federation.authority, Date.now() + difference);
    assert.deepEqual(await codes(first, [at(-near), at(near), at(-far), at(far)]), [
      200,
      200,
      "request-expired",
      "request-expired",
    ]);
  });

  test("a request is not good again when the service's clock was hours off and is set right", async () => {
    const plan = join(stack.folder, "clock.faults");
    const setClock = (clockOffset: number) => {
      writeFileSync(`${plan}.new`, formatFaultPlan({ faults: [], clockOffset }));
      renameSync(`${plan}.new`, plan);
    };
    setClock(0);
    const port = await freePort();
    const server = await stack.startServer(port, {}, { faults: plan });
    const client = clientOf(`http://127.0.0.1:${port}`);
    const now = signed(federation.authority, timeAhead());
    const later = signed(federation.authority, timeAhead() + 9 * HOURS);
    assert.deepEqual(await codes(client, [now]), [200]);
    setClock(9 * HOURS);
    assert.deepEqual(await codes(client, [now, later]), ["request-expired", 200]);
    // By the wrong clock a worker removes nonces whose requests no clock could take.
    const worker = await stack.startWorker({}, { faults: plan });
    await until("the worker to forget nonces", () =>
      worker.output().includes('"store.nonces/forget/after"'),
    );
    setClock(0);
    assert.deepEqual(await codes(client, [now, later]), ["request-replayed", "request-expired"]);
    setClock(9 * HOURS);
    assert.deepEqual(await codes(client, [later]), ["request-replayed"]);
    await Promise.all([server.stop(), worker.stop()]);
  });

  test("a request for another service, program or chain is refused", async () => {
    for (const change of ["aggregator", "programId", "genesisHash"] as const) {
      const other = { ...service, [change]: new Uint8Array(randomBytes(32)) };
      assert.deepEqual(await codes(first, [signed(federation.authority, Date.now(), other)]), [
        "signature-invalid",
      ]);
    }
  });

  test("a nonce is kept until no clock could take its request, and then forgotten", async () => {
    const database = openDatabase(stack.databaseUrl, () => {});
    const { nonces } = storeOn(database.queries);
    const [key, nonce] = [Keypair.generate().publicKey.toBytes(), "ab".repeat(16)];
    // Far in the past: the service's own clean-up may come first, and forgetting twice changes
    // nothing.
    assert.ok(await nonces.use(key, nonce, 1_000n));
    await nonces.forget(1_001n);
    assert.ok(await nonces.use(key, nonce, 2n ** 50n));
    await nonces.forget(BigInt(Date.now()));
    assert.ok(!(await nonces.use(key, nonce, 2n ** 50n)));
    const { last } = await database.queries
      .selectFrom("nonces")
      .select((eb) => eb.fn.max("expires_at").as("last"))
      .where("key", "=", federation.authority.publicKey.toBytes())
      .executeTakeFirstOrThrow();
    assert.ok(Number(last) > Date.now() + REQUEST_WINDOW_MILLISECONDS);
    await database.close();
  });

  test("a key's requests are limited, and nobody else can spend its allowance", async () => {
    const own = signed(federation.authority);
    assert.deepEqual(await codes(limited, [own]), [200]);
    const forged = signed(Keypair.generate());
    const key = federation.authority.publicKey.toBase58();
    const posing = { ...forged, headers: { ...forged.headers, [REQUEST_HEADERS.key]: key } };
    for (const stranger of [own, posing, own, posing, own, posing])
      assert.match(
        String(await codes(limited, [stranger])),
        /^(request-replayed|signature-invalid)$/,
      );
    const rest = Array.from({ length: SIGNED_LIMIT }, () => signed(federation.authority));
    assert.deepEqual(await codes(limited, rest), [200, 200, 200, "rate-limited"]);
    const refusal = await sendRaw(limited.origin, signed(federation.authority));
    assert.equal(refusal.status, 429);
    assert.ok(Number(refusal.headers["retry-after"]) > 0);
    // Another key is not affected.
    assert.deepEqual(await codes(limited, [signed(Keypair.generate())]), ["not-authority"]);
    await first.call(ENDPOINTS.federationResume, {
      params: { federation: toBase58(federation.address) },
      signer: federation.authority,
    });
  });

  test("a member's uploads are limited, and forged or repeated ones do not count", async () => {
    await waitForEvent(first, federation, "round-opened", 1n);
    const round = await first.round(federation.address, 1n);
    const [one, other] = federation.members;
    assert.ok(one && other);
    const update = (member: typeof one, sequence: bigint) =>
      updateFor(first, federation, member, round, { sequence });
    const upload = ({ message, signature, payload }: TestUpdate): RawRequest => ({
      method: "POST",
      path: `/v1/federations/${toBase58(federation.address)}/rounds/1/updates`,
      body: payload,
      headers: {
        "content-type": "application/octet-stream",
        [ENVELOPE_HEADER]: toBase64(message),
        [SIGNATURE_HEADER]: toBase64(signature),
      },
    });
    const mine = await Promise.all([1n, 2n, 3n, 4n].map((sequence) => update(one, sequence)));
    const [a, b, c] = mine;
    assert.ok(a && b && c);
    const { signature } = await update(other, 1n);
    const forged = upload({ ...a, signature });
    assert.deepEqual(
      await codes(limited, [forged, forged, forged]),
      Array(3).fill("signature-invalid"),
    );
    assert.deepEqual(await codes(limited, [a, a, a, a, b].map(upload)), Array(5).fill(202));
    assert.deepEqual(await codes(limited, [upload(c)]), ["rate-limited"]);
    assert.deepEqual(
      await codes(limited, [upload(b), upload(await update(other, 1n))]),
      [202, 202],
    );
    // Each server counts for itself.
    assert.deepEqual(await codes(second, [upload(c)]), [202]);
  });
});
