import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import { after, before, describe, test } from "node:test";
import {
  authorityAccept,
  authorityPropose,
  memberExit,
  PROGRAM_ID,
  sendTransaction,
} from "@plenary/chain";
import {
  ENDPOINTS,
  ENVELOPE_HEADER,
  ERROR_STATUS,
  isErrorCode,
  SIGNATURE_HEADER,
  sha256,
  toBase58,
  toBase64,
  toHex,
} from "@plenary/protocol";
import { Connection, Keypair, PublicKey } from "@solana/web3.js";
import type { FastifyInstance } from "fastify";
import { readConfig } from "../processes/config.ts";
import { createLog } from "../processes/service.ts";
import { startServer } from "../processes/start-server.ts";
import { openDatabase } from "../store/database.ts";
import { storeOn } from "../store/index.ts";
import { clientOf, type TestClient } from "../testing/actors/client.ts";
import { submitAll, updateFor, waitForEvent } from "../testing/actors/scenario.ts";
import { type Cast, STRANGERS, type Stranger, type Target } from "../testing/actors/strangers.ts";
import { createFederation, type TestFederation } from "../testing/chain/federation.ts";
import type { TestMember, TestUpdate } from "../testing/chain/sign-update.ts";
import { freePort } from "../testing/stack/processes.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

const PASSWORD = "the operator's password";
const PARAMETERS = 20;

/** A refusal's code, or the status of what is no refusal. */
type Answer = number | string;
type Answers = Readonly<Record<Stranger, Answer>>;

const same = (answer: Answer): Answers =>
  Object.fromEntries(Object.keys(STRANGERS).map((stranger) => [stranger, answer])) as Answers;

/** Signatures are not looked at. */
const everybody = (answer: Answer): Answers => same(answer);

/** What is wrong with a signature is refused before it matters whose it is. */
const SIGNED = {
  ...same("signature-invalid"),
  expired: "request-expired",
  "from the future": "request-expired",
  replayed: "request-replayed",
} as const;

const authority = (answer: Answer): Answers => ({
  ...SIGNED,
  stranger: "not-authority",
  "member of another federation": "not-authority",
  "exited member": "not-authority",
  member: "not-authority",
  "member's update key": "not-authority",
  aggregator: "not-authority",
  authority: answer,
});

const readers = (answer: Answer): Answers => ({
  ...SIGNED,
  stranger: "member-unknown",
  "member of another federation": "member-unknown",
  "exited member": "member-inactive",
  member: answer,
  "member's update key": answer,
  aggregator: answer,
  authority: answer,
});

/** What is about one member, which has left. */
const itself = (answer: Answer): Answers => ({ ...readers(answer), "exited member": answer });

/** Nobody learns whether there is a blob that is not for them. */
const blobReaders = (answer: Answer): Answers => ({
  ...readers(answer),
  nobody: "not-found",
  stranger: "not-found",
  "member of another federation": "not-found",
  "exited member": "not-found",
});

/** One federation as the table asks for it. */
interface Scene {
  readonly federation: TestFederation;
  readonly address: string;
  readonly exited: TestMember;
  readonly cast: Cast;
}

interface Row {
  readonly path: (scene: Scene) => string;
  /** JSON, or bytes. */
  readonly body?: (scene: Scene) => object | Uint8Array;
  readonly public: Answers;
  /** Of a private federation; as of a public one by default. */
  readonly private?: Answers;
}

const at =
  (rest: string) =>
  ({ address }: Scene) =>
    `/v1/federations/${address}${rest}`;
const fixed = (path: string) => () => path;
const open = (path: string, answer: Answer = 200): Row => ({
  path: fixed(path),
  public: everybody(answer),
});
const modelOf = ({ federation }: Scene) =>
  `/v1/blobs/${toHex(sha256(federation.blobs[1] ?? new Uint8Array()))}`;

/** Every route of the service, and what everybody gets of it. */
const TABLE: Readonly<Record<string, Row>> = {
  ...readable("/v1/service", { path: fixed("/v1/service"), public: everybody(200) }),
  ...readable("/v1/federations", { path: fixed("/v1/federations"), public: everybody(200) }),
  "POST /v1/federations": {
    path: fixed("/v1/federations"),
    body: ({ federation, address }) => ({ address, configuration: federation.configuration }),
    public: authority(201),
  },
  ...readable("/v1/federations/:federation", { path: at(""), public: everybody(200) }),
  "POST /v1/federations/:federation/pause": { path: at("/pause"), public: authority(200) },
  "POST /v1/federations/:federation/resume": { path: at("/resume"), public: authority(200) },
  ...readable("/v1/federations/:federation/operations", {
    path: at("/operations"),
    public: authority(200),
  }),
  "POST /v1/federations/:federation/operations/retry": {
    path: at("/operations/retry"),
    public: authority(200),
  },
  ...forReaders("/v1/federations/:federation/members", at("/members")),
  ...readable("/v1/federations/:federation/members/:member", {
    path: (scene) => at(`/members/${toBase58(scene.exited.address)}`)(scene),
    public: everybody(200),
    private: itself(200),
  }),
  ...readable("/v1/federations/:federation/rewards/:member", {
    path: (scene) => at(`/rewards/${toBase58(scene.exited.address)}`)(scene),
    public: everybody(200),
    private: itself(200),
  }),
  ...forReaders("/v1/federations/:federation/rounds", at("/rounds")),
  ...forReaders("/v1/federations/:federation/rounds/:round", at("/rounds/current")),
  ...forReaders("/v1/federations/:federation/rounds/:round/updates", at("/rounds/1/updates")),
  ...forReaders("/v1/federations/:federation/rounds/:round/updates/:member", (scene) =>
    at(`/rounds/1/updates/${toBase58(scene.exited.address)}`)(scene),
  ),
  ...forReaders("/v1/federations/:federation/rounds/:round/manifest", at("/rounds/1/manifest")),
  // Training is not audited here.
  ...readable("/v1/federations/:federation/rounds/:round/audits", {
    path: at("/rounds/1/audits"),
    public: everybody("not-found"),
    private: readers("not-found"),
  }),
  // The report is signed, not the request: who sends this gets nowhere.
  "POST /v1/federations/:federation/rounds/:round/audits": {
    path: at("/rounds/1/audits"),
    body: () => ({ report: toBase64(randomBytes(252)), signature: toBase64(randomBytes(64)) }),
    public: everybody("malformed-envelope"),
  },
  ...forReaders(
    "/v1/federations/:federation/rounds/:round/equivocations",
    at("/rounds/1/equivocations"),
  ),
  "GET /v1/federations/:federation/events": {
    path: at("/events"),
    public: everybody(200),
    private: readers(200),
  },
  // A signed request is no envelope, and the headers of one are those of the other: who sends this gets nowhere. See the test below.
  "POST /v1/federations/:federation/rounds/:round/updates": {
    path: at("/rounds/current/updates"),
    body: () => randomBytes(10),
    public: everybody("malformed-envelope"),
  },
  ...readable("/v1/blobs/:hash", {
    path: modelOf,
    public: everybody(200),
    private: blobReaders(200),
  }),
  "PUT /v1/blobs/:hash": {
    path: modelOf,
    body: ({ federation }) => federation.blobs[1] ?? new Uint8Array(),
    public: authority(201),
  },
  ...readable("/livez", open("/livez")),
  ...readable("/readyz", open("/readyz")),
  ...readable("/metrics", open("/metrics")),
  ...readable("/openapi.json", open("/openapi.json")),
  ...readable("/docs", open("/docs")),
  "HEAD /docs/": open("/docs/"),
  ...readable("/docs/json", open("/docs/json")),
  ...readable("/docs/yaml", open("/docs/yaml")),
  ...readable("/docs/static/*", open("/docs/static/index.css")),
  ...readable("/docs/static/index.html", open("/docs/static/index.html")),
  ...readable("/docs/static/swagger-initializer.js", open("/docs/static/swagger-initializer.js")),
};

/** The queue's page and its own interface: one row for all that lies below. */
const OPERATOR = "/operator/queues";

function readable(url: string, row: Row): Record<string, Row> {
  return { [`GET ${url}`]: row, [`HEAD ${url}`]: row };
}

function forReaders(url: string, path: Row["path"]): Record<string, Row> {
  return readable(url, { path, public: everybody(200), private: readers(200) });
}

/** Every route that Fastify mounts from now on, as "METHOD url". */
function collectRoutes(): Set<string> {
  const routes = new Set<string>();
  subscribe("fastify.initialization", (message) => {
    (message as { fastify: FastifyInstance }).fastify.addHook("onRoute", ({ method, url }) => {
      for (const one of [method].flat()) routes.add(`${one} ${url}`);
    });
  });
  return routes;
}

describe("who gets what", () => {
  const routes = collectRoutes();
  let stack: Stack;
  let stopServer: () => Promise<void>;
  let client: TestClient;
  const scenes: Partial<Record<"public" | "private", Scene>> = {};

  before(async () => {
    stack = await startStack({ redis: true });
    const port = await freePort();
    const environment = { ...stack.environment(port), PLENARY_OPERATOR_PASSWORD: PASSWORD };
    stopServer = await startServer(createLog("test", "silent"), {
      config: readConfig(environment),
    });
    await stack.startWorker();
    client = clientOf(`http://127.0.0.1:${port}`);
    const [open, closed] = await Promise.all([found(undefined), found("private")]);
    const service = await client.identity();
    for (const [visibility, federation, other] of [
      ["public", open, closed],
      ["private", closed, open],
    ] as const) {
      const [exited, member] = federation.members;
      const [stranger, foreign] = other.members;
      assert.ok(exited && member && foreign && stranger);
      const cast: Cast = {
        service,
        stranger: Keypair.generate(),
        otherMember: foreign.owner,
        exitedMember: exited.owner,
        member: member.owner,
        updateKey: member.updateKey,
        authority: federation.authority,
        aggregator: stack.aggregator,
      };
      scenes[visibility] = { federation, address: toBase58(federation.address), exited, cast };
    }
  });
  after(async () => {
    await stopServer?.();
    await stack.stop();
  });

  /** A federation after its first round, with a member that has left and earned. */
  async function found(visibility: "private" | undefined): Promise<TestFederation> {
    const federation = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 3,
      parameterCount: PARAMETERS,
      // Blobs that both had would be public.
      model: new Int32Array(PARAMETERS).fill(visibility === "private" ? 1 : 2),
      configuration: (defaults) => ({
        ...defaults,
        ...(visibility && { visibility }),
        rounds: { ...defaults.rounds, quorum: 2 },
      }),
    });
    const [exited, member] = federation.members;
    assert.ok(exited && member);
    const reader = clientOf(client.origin, visibility && federation.authority);
    await client.register(federation);
    await waitForEvent(reader, federation, "round-opened", 1n);
    const exit = { federation: new PublicKey(federation.address), owner: exited.owner.publicKey };
    await sendTransaction(new Connection(stack.rpcUrl, "confirmed"), memberExit(PROGRAM_ID, exit), [
      federation.authority,
      exited.owner,
    ]);
    await submitAll(reader, federation, 1n, [exited, member]);
    await waitForEvent(reader, federation, "round-final", 1n);
    await waitForEvent(reader, federation, "round-opened", 2n);
    return federation;
  }

  /** The answer of one after the other; the last one's. */
  async function ask(
    target: Target,
    approaches: readonly Record<string, string>[],
    type?: string,
  ): Promise<Answer> {
    let answer: Answer = 0;
    for (const headers of approaches) {
      const response = await fetch(new URL(target.path, client.origin), {
        method: target.method,
        headers: { ...headers, ...(type && { "content-type": type }) },
        ...(type && { body: Buffer.from(target.body) }),
      });
      answer = await answerOf(response);
    }
    return answer;
  }

  async function answersTo(name: string, row: Row, scene: Scene): Promise<Answers> {
    const [method = ""] = name.split(" ");
    const content = row.body?.(scene);
    const isBytes = content instanceof Uint8Array;
    const body = isBytes
      ? content
      : Buffer.from(content === undefined ? "" : JSON.stringify(content));
    const type = content && (isBytes ? "application/octet-stream" : "application/json");
    const target = { method, path: row.path(scene), body };
    const answers: Record<string, Answer> = {};
    for (const [stranger, approach] of Object.entries(STRANGERS))
      answers[stranger] = await ask(target, approach(scene.cast, target), type);
    return answers as Answers;
  }

  for (const [name, row] of Object.entries(TABLE))
    for (const visibility of ["public", "private"] as const)
      test(`${name}, ${visibility}`, async () => {
        const scene = scenes[visibility];
        assert.ok(scene);
        const expected = (visibility === "private" && row.private) || row.public;
        // The answer to a HEAD has no body that could name a code.
        const seen = name.startsWith("HEAD")
          ? Object.fromEntries(
              Object.entries(expected).map(([who, answer]) => [who, statusOf(answer)]),
            )
          : expected;
        assert.deepEqual(await answersTo(name, row, scene), seen);
      });

  test("every route has a row, and every row is a route", () => {
    const mounted = [...routes].filter((route) => !route.split(" ")[1]?.startsWith(OPERATOR));
    assert.deepEqual(mounted.sort(), Object.keys(TABLE).sort());
    assert.ok(routes.size - mounted.length > 10, "the queue's page is mounted");
  });

  test("an upload is authenticated by its envelope alone", async () => {
    for (const visibility of ["public", "private"] as const) {
      const scene = scenes[visibility];
      const other = scenes[visibility === "public" ? "private" : "public"];
      assert.ok(scene && other);
      const { federation, cast } = scene;
      const reader = clientOf(client.origin, cast.member);
      const round = await reader.round(federation.address, 2n);
      const [exited, member, third] = federation.members;
      const foreigner = other.federation.members[2];
      assert.ok(exited && member && third && foreigner);
      const updateOf = (who: TestMember, plan: Parameters<typeof updateFor>[4] = {}) =>
        updateFor(reader, federation, who, round, plan);
      const good = await updateOf(member);
      const wrongKey = await updateOf({ ...member, updateKey: third.updateKey });
      const cases: readonly (readonly [string, TestUpdate, Answer])[] = [
        [
          "signed by the owner and not by the update key",
          await updateOf({ ...member, updateKey: member.owner }),
          "signature-invalid",
        ],
        ["wrong key", wrongKey, "signature-invalid"],
        ["another's signature", { ...good, signature: wrongKey.signature }, "signature-invalid"],
        [
          "another body",
          { ...good, payload: good.payload.map((byte) => byte ^ 1) },
          "payload-hash-mismatch",
        ],
        [
          "another chain",
          await updateOf(member, { change: { genesisHash: randomBytes(32) } }),
          "wrong-chain",
        ],
        [
          "another federation",
          await updateOf(member, { federation: other.federation.address }),
          "wrong-chain",
        ],
        ["another round", await updateOf(member, { round: 1n }), "wrong-round"],
        ["stranger", await updateOf({ ...member, address: randomBytes(32) }), "member-unknown"],
        ["member of another federation", await updateOf(foreigner), "member-unknown"],
        ["exited member", await updateOf(exited), "member-inactive"],
        ["member", good, 202],
        ["the same once more", good, 202],
        ["an older one", await updateOf(member, { sequence: 0n }), "sequence-stale"],
      ];
      for (const [who, update, expected] of cases) {
        const path = at("/rounds/2/updates")(scene);
        const target = { method: "POST", path, body: update.payload };
        const headers = {
          [ENVELOPE_HEADER]: toBase64(update.message),
          [SIGNATURE_HEADER]: toBase64(update.signature),
        };
        assert.equal(await ask(target, [headers], "application/octet-stream"), expected, who);
      }
    }
  });

  test("a blob to which no federation refers is its uploader's alone", async () => {
    const [scene, other] = [scenes.public, scenes.private];
    assert.ok(scene && other);
    const bytes = new Uint8Array(randomBytes(64));
    await client.uploadBlob(bytes, scene.federation.authority);
    const target = {
      method: "GET",
      path: `/v1/blobs/${toHex(sha256(bytes))}`,
      body: new Uint8Array(),
    };
    const read = (stranger: Stranger, { cast }: Scene) =>
      ask(target, STRANGERS[stranger](cast, target));
    for (const stranger of ["nobody", "stranger", "member", "aggregator"] as const)
      assert.equal(await read(stranger, scene), "not-found", stranger);
    assert.equal(await read("authority", other), "not-found");
    assert.equal(await read("authority", scene), 200);
  });

  test("what a private federation has, no cache keeps and no other federation opens by naming it", async () => {
    const scene = scenes.private;
    assert.ok(scene);
    const target = { method: "GET", path: modelOf(scene), body: new Uint8Array() };
    const [headers] = STRANGERS.member(scene.cast, target);
    const answer = await fetch(new URL(target.path, client.origin), { headers: { ...headers } });
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), scene.federation.blobs[1]);
    const hash = toHex(sha256(scene.federation.blobs[1] ?? new Uint8Array()));
    const thief = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 1,
      parameterCount: PARAMETERS,
      configuration: (defaults) => ({ ...defaults, heldOut: hash }),
    });
    await assert.rejects(client.register(thief), { code: "not-found" });
    assert.equal(await ask(target, [{}]), "not-found");
  });

  test("a stream ends when its reader leaves, before another event", async () => {
    const scene = scenes.private;
    assert.ok(scene);
    const { address } = scene.federation;
    const [, , leaving] = scene.federation.members;
    assert.ok(leaving);
    const target = { method: "GET", path: at("/events")(scene), body: new Uint8Array() };
    const [headers] = STRANGERS.member({ ...scene.cast, member: leaving.owner }, target);
    const stream = await fetch(new URL(target.path, client.origin), { headers: { ...headers } });
    assert.equal(stream.status, 200);
    const database = openDatabase(stack.databaseUrl, () => {});
    const store = storeOn(database.queries);
    const row = await store.members.find(address, leaving.address);
    assert.ok(row);
    await store.members.upsert([{ ...row, exit_round: 2n }]);
    await store.events.append({ federation: address, type: "federation-changed", at: Date.now() });
    assert.doesNotMatch(await stream.text(), /federation-changed/);
    await store.members.upsert([row]);
    await database.close();
  });

  test("the authority is the one that the chain names, after a hand-over too", async () => {
    const scene = scenes.private;
    assert.ok(scene);
    const next = Keypair.generate();
    const connection = new Connection(stack.rpcUrl, "confirmed");
    const federation = new PublicKey(scene.federation.address);
    const before = scene.federation.authority;
    const propose = { federation, authority: before.publicKey, proposed: next.publicKey };
    await sendTransaction(connection, authorityPropose(PROGRAM_ID, propose), [before]);
    await sendTransaction(
      connection,
      authorityAccept(PROGRAM_ID, { federation, proposedAuthority: next.publicKey }),
      [before, next],
    );
    const pause = { method: "POST", path: at("/pause")(scene), body: new Uint8Array() };
    const rounds = { method: "GET", path: at("/rounds")(scene), body: new Uint8Array() };
    const bytes = randomBytes(16);
    const blob = { method: "PUT", path: `/v1/blobs/${toHex(sha256(bytes))}`, body: bytes };
    const asked = async (authority: Keypair) => {
      const cast = { ...scene.cast, authority };
      return [
        await ask(pause, STRANGERS.authority(cast, pause)),
        await ask(rounds, STRANGERS.authority(cast, rounds)),
        await ask(blob, STRANGERS.authority(cast, blob), "application/octet-stream"),
      ];
    };
    assert.deepEqual(await asked(before), ["not-authority", "member-unknown", "not-authority"]);
    assert.deepEqual(await asked(next), [200, 200, 201]);
    const view = await client.call(ENDPOINTS.federationRead, {
      params: { federation: scene.address },
    });
    assert.equal(view.authority, next.publicKey.toBase58());
  });

  test("the queue's page and all below it are for who knows the password", async () => {
    const scene = scenes.public;
    assert.ok(scene);
    for (const route of routes) {
      const [method = "", url = ""] = route.split(" ");
      if (!url.startsWith(OPERATOR)) continue;
      const path = url.replace(/:[a-zA-Z]+|\*/g, "none");
      const target = { method, path, body: new Uint8Array() };
      for (const [stranger, approach] of Object.entries(STRANGERS))
        assert.equal(await ask(target, approach(scene.cast, target)), 401, `${route}: ${stranger}`);
      for (const credentials of ["operator:wrong", `other:${PASSWORD}`, PASSWORD, ""])
        assert.equal(await ask(target, [basic(credentials)]), 401, route);
      if (method === "GET")
        assert.notEqual(await ask(target, [basic(`operator:${PASSWORD}`)]), 401, route);
    }
  });
});

function basic(credentials: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
}

function statusOf(answer: Answer): number {
  if (typeof answer === "number") return answer;
  assert.ok(isErrorCode(answer));
  return ERROR_STATUS[answer];
}

async function answerOf(response: Response): Promise<Answer> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    return response.status;
  }
  const text = await response.text();
  const named = response.ok ? undefined : /"error":\{"code":"([a-z-]+)"/.exec(text)?.[1];
  return named ?? response.status;
}
