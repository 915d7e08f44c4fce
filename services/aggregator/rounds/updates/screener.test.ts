import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createCodec, screenUpdate, vectorRootFast } from "@plenary/algorithms";
import { type Envelope, type FederationConfiguration, sha256 } from "@plenary/protocol";
import { createScreener } from "./screener.ts";

const screener = createScreener();
after(() => screener.close());

/** A small model is screened here, a large one in a thread. */
for (const parameterCount of [1_000, 300_000])
  test(`screens ${parameterCount} parameters as @plenary/algorithms does, several at once`, async () => {
    const configuration = {
      parameterCount,
      codecs: ["int8", "int32"],
      screening: { maxNorm: 1 },
    } as FederationConfiguration;
    const inputs = [1, 2, 3, 4, 5, 6].map((scale) => {
      const delta = Int32Array.from(
        { length: parameterCount },
        (_, i) => ((i * scale) % 2001) * 10 ** (scale % 5),
      );
      return inputOf(configuration, delta, scale);
    });
    const expected = inputs.map((input) => screenUpdate(input));
    assert.ok(
      expected.some(({ reason }) => reason === "counted") &&
        expected.some(({ reason }) => reason !== "counted"),
    );
    const found = await Promise.all(
      inputs.map((input) => screener.screen({ ...input, payload: Uint8Array.from(input.payload) })),
    );
    assert.deepEqual(found, expected);
  });

test("passes on why a thread refuses to screen", async () => {
  const configuration = {
    parameterCount: 300_000,
    codecs: ["int32"],
    screening: { maxNorm: 0 },
  } as FederationConfiguration;
  const input = inputOf(configuration, new Int32Array(300_000), 1);
  await assert.rejects(screener.screen({ ...input, payload: new Uint8Array(7) }), {
    code: "payload-truncated",
  });
});

function inputOf(configuration: FederationConfiguration, delta: Int32Array, member: number) {
  const codec = createCodec({ name: "int32" });
  const payload = codec.encode(delta);
  const zero = new Uint8Array(32);
  const envelope: Envelope = {
    genesisHash: zero,
    programId: zero,
    federation: zero,
    round: 1n,
    member: zero.map(() => member),
    baseRoot: zero,
    sequence: 1n,
    codec: codec.id,
    payloadLength: payload.length,
    payloadHash: sha256(payload),
    weight: 5,
    deltaRoot: vectorRootFast(delta),
    checkpointRoot: zero,
  };
  return { configuration, envelope, payload };
}
