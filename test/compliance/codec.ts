import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Codec, codecs, createCodec, type Registry } from "@plenary/algorithms";
import { PlenaryError } from "@plenary/protocol";
import fc from "fast-check";
import { deltas, throwsCode } from "./vectors.ts";

const lengths = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.constantFrom(1, 63, 64, 65, 128, 8192, 8193),
);

/** Every codec must pass these tests, however much it loses. */
export function codecCompliance(
  configuration: { readonly name: string },
  registry: Registry<Codec> = codecs,
): void {
  describe(`codec ${JSON.stringify(configuration)}`, () => {
    const codec = createCodec(configuration, registry);

    test("what it encodes it decodes, to integers in range, and the same each time", () => {
      fc.assert(
        fc.property(
          lengths.chain((length) => deltas(length)),
          (delta) => {
            const before = delta.slice();
            const payload = codec.encode(delta);
            assert.deepEqual(delta, before);
            assert.deepEqual(codec.encode(delta), payload);
            assert.ok(payload.length <= codec.maxPayloadLength(delta.length));
            const decoded = codec.decode(payload, delta.length);
            assert.equal(decoded.length, delta.length);
            assert.ok(decoded.every((entry) => Math.abs(entry) < 2 ** 27));
            const padded = new Uint8Array(payload.length + 3);
            padded.set(payload, 3);
            assert.deepEqual(
              codec.decode(padded.subarray(3), delta.length),
              decoded,
              "unaligned payload",
            );
          },
        ),
      );
    });

    test("zeros stay zeros", () => {
      const zeros = new Int32Array(1000);
      assert.deepEqual(codec.decode(codec.encode(zeros), 1000), zeros);
    });

    test("entries of 2^27 and more are refused with their index", () => {
      for (const value of [2 ** 27, -(2 ** 27), 2 ** 31 - 1, -(2 ** 31)]) {
        const delta = new Int32Array(100);
        delta[77] = value;
        throwsCode(() => codec.encode(delta), "invalid-input");
      }
    });

    test("cut, prolonged and mislabelled payloads are refused", () => {
      fc.assert(
        fc.property(deltas(130), fc.nat(), fc.integer({ min: 1, max: 99 }), (delta, cut, more) => {
          const payload = codec.encode(delta);
          const longer = new Uint8Array(payload.length + more);
          longer.set(payload);
          throwsCode(
            () => codec.decode(payload.subarray(0, cut % payload.length), 130),
            "codec-malformed",
          );
          throwsCode(() => codec.decode(longer, 130), "codec-malformed");
          throwsCode(() => codec.decode(payload, 131), "codec-malformed");
        }),
      );
    });

    test("hostile bytes give a vector of the right length or a typed error, nothing else", () => {
      const decodeAnything = (payload: Uint8Array, length: number): void => {
        try {
          assert.equal(codec.decode(payload, length).length, length);
        } catch (error) {
          assert.ok(
            error instanceof PlenaryError && error.code === "codec-malformed",
            String(error),
          );
        }
      };
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), lengths, (payload, length) => {
          decodeAnything(payload, length);
        }),
      );
      fc.assert(
        fc.property(deltas(130), fc.nat(), fc.integer({ min: 1, max: 255 }), (delta, at, flip) => {
          const payload = codec.encode(delta);
          const index = at % payload.length;
          payload[index] = payload[index]! ^ flip;
          decodeAnything(payload, 130);
        }),
        { numRuns: 300 },
      );
    });
  });
}
