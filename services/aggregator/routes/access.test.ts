import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { authorityAccept, authorityPropose, PROGRAM_ID, sendTransaction } from "@plenary/chain";
import {
  ENDPOINTS,
  ENVELOPE_HEADER,
  SIGNATURE_HEADER,
  sha256,
  toBase64,
  toHex,
} from "@plenary/protocol";
import { Connection, Keypair, PublicKey } from "@solana/web3.js";
import { openDatabase } from "../store/database.ts";
import { storeOn } from "../store/index.ts";
import { clientOf, type TestClient } from "../testing/actors/client.ts";
import { type Answer, at, modelOf, type Scene } from "../testing/actors/route-table.ts";
import { updateFor } from "../testing/actors/scenario.ts";
import { STRANGERS, type Stranger } from "../testing/actors/strangers.ts";
import { createFederation } from "../testing/chain/federation.ts";
import type { TestMember, TestUpdate } from "../testing/chain/sign-update.ts";
import { type AccessBench, openAccessBench } from "../testing/stack/access-bench.ts";
import type { Stack } from "../testing/stack/stack.ts";

const PARAMETERS = 20;

describe("access", () => {
  let bench: AccessBench;
  let ask: AccessBench["ask"];
  let client: TestClient;
  let stack: Stack;
  let scenes: AccessBench["scenes"];

  before(async () => {
    bench = await openAccessBench();
    ({ ask, client, stack, scenes } = bench);
  });
  after(() => bench.stop());

  test("an upload is authenticated by its envelope alone", async () => {
    for (const visibility of ["public", "private"] as const) {
      const scene = scenes[visibility];
      const other = scenes[visibility === "public" ? "private" : "public"];
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
});
