import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  checkEquivocation,
  ENDPOINTS,
  ENVELOPE_HEADER,
  fromHex,
  SIGNATURE_HEADER,
  sha256,
  toBase58,
  toBase64,
  toHex,
} from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import fc from "fast-check";
import { sendRaw } from "../testing/actors/raw-request.ts";
import { updateFor } from "../testing/actors/scenario.ts";
import { signUpdate } from "../testing/chain/sign-update.ts";
import { openRouteBench, PARAMETERS, type RouteBench } from "../testing/stack/route-bench.ts";

const FUZZ_RUNS = 300;

describe("uploads", () => {
  let bench: RouteBench;
  let client: RouteBench["client"];
  let federation: RouteBench["federation"];
  let round: RouteBench["round"];
  let address: string;
  let memberAt: RouteBench["memberAt"];
  let uploadOf: RouteBench["uploadOf"];
  let refused: RouteBench["refused"];

  before(async () => {
    bench = await openRouteBench();
    ({ client, federation, round, address, memberAt, uploadOf, refused } = bench);
  });
  after(() => bench.stop());

  test("envelopes that are refused before their payload is read", async () => {
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

  test("payloads that are refused, of which nothing stays", async () => {
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

  test("no signed envelope makes the service fail", async () => {
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
