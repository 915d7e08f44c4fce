import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";
import test from "node:test";
import fc from "fast-check";
import {
  auditSeed,
  compareBytes,
  detectionProbability,
  drawAudits,
  drawnHash,
  drawSegments,
  envelopesRoot,
  leafHash,
  nodeHash,
  roundSeed,
  sha256,
  toBase58,
  toHex,
} from "./index.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const text = new TextEncoder();
const hashOf = (name: string) => sha256(text.encode(name));

const auditors = ["first", "second", "third"].map((name) => toBase58(hashOf(name)));
const members = Array.from({ length: 12 }, (_, i) => hashOf(`member ${i}`)).sort(compareBytes);
const seeds = Array.from({ length: 2000 }, (_, i) => hashOf(`seed ${i}`));

test("the audit seed hashes as the round's does, with what the program drew of slot hash and envelopes", () => {
  const [base, slot, first, second] = ["base", "slot", "first", "second"].map(hashOf);
  const envelopes = envelopesRoot([first!, second!]);
  assert.deepEqual(envelopes, nodeHash(leafHash(first!), leafHash(second!)));
  const drawn = drawnHash(slot!, envelopes);
  assert.deepEqual(drawn, sha256(slot!, envelopes));
  assert.deepEqual(auditSeed(base!, 5n, drawn), roundSeed(base!, 5n, drawn));
});

test("a draw is fixed by its seed, ascends, and does not depend on the order of members", () => {
  fc.assert(
    fc.property(hash, fc.integer({ min: 1, max: 15 }), (seed, membersPerRound) => {
      const draw = drawAudits(seed, members, { auditors, membersPerRound });
      assert.equal(draw.length, Math.min(membersPerRound, members.length));
      assert.deepEqual(drawAudits(seed, members.toReversed(), { auditors, membersPerRound }), draw);
      draw.slice(1).forEach(({ member }, i) => {
        assert.ok(compareBytes(draw[i]!.member, member) < 0);
      });
      assert.ok(draw.every(({ auditor }) => auditors.includes(toBase58(auditor))));
    }),
  );
});

test("one more member takes at most one other's place, and nobody's auditor", () => {
  const plan = { auditors, membersPerRound: 4 };
  for (const seed of seeds.slice(0, 200)) {
    const before = drawAudits(seed, members.slice(1), plan);
    const after = drawAudits(seed, members, plan);
    const kept = before.filter(({ member, auditor }) =>
      after.some(
        (other) => toHex(other.member) === toHex(member) && toHex(other.auditor) === toHex(auditor),
      ),
    );
    assert.ok(kept.length >= before.length - 1);
  }
});

test("segments are drawn without repetition, ascending, never more than there are", () => {
  fc.assert(
    fc.property(
      hash,
      hash,
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 40 }),
      (seed, member, total, count) => {
        const drawn = drawSegments(seed, member, total, count);
        assert.equal(drawn.length, Math.min(total, count));
        assert.equal(new Set(drawn).size, drawn.length);
        assert.deepEqual(
          drawn,
          drawn.toSorted((a, b) => a - b),
        );
        assert.ok(drawn.every((segment) => segment >= 0 && segment < total));
      },
    ),
  );
});

test("draws are those of the protocol, computed with another ChaCha20", () => {
  const [seed, member] = [hashOf("seed"), members[3]!];
  const words = streamOf(seed, ["audit segments", toBase58(member)]);
  const below = (bound: number): number => {
    const word = words.next().value;
    return word >= 2 ** 32 - (2 ** 32 % bound) ? below(bound) : word % bound;
  };
  const order = Array.from({ length: 20 }, (_, i) => i);
  for (let last = 19; last > 0; last -= 1) {
    const other = below(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  const expected = order.slice(0, 5).sort((a, b) => a - b);
  assert.deepEqual(drawSegments(seed, member, 20, 5), expected);

  const tickets = members.map((address) => {
    const own = streamOf(seed, ["audit", toBase58(address)]);
    const ticket = BigInt(own.next().value) * 2n ** 32n + BigInt(own.next().value);
    // 2^32 mod 3 is 1: only the word 2^32 - 1 would be drawn again, and it is not among these.
    return { address, ticket, auditor: auditors[own.next().value % 3]! };
  });
  const lowest = tickets.sort((a, b) => (a.ticket < b.ticket ? -1 : 1)).slice(0, 4);
  assert.deepEqual(
    drawAudits(seed, members, { auditors, membersPerRound: 4 }).map(
      ({ member: drawn, auditor }) => [toHex(drawn), toBase58(auditor)],
    ),
    lowest
      .sort((a, b) => compareBytes(a.address, b.address))
      .map(({ address, auditor }) => [toHex(address), auditor]),
  );
});

/** The key stream as 32-bit words, by OpenSSL. */
function* streamOf(seed: Uint8Array, labels: readonly string[]): Generator<number, never> {
  const hash = (...parts: (Uint8Array | string)[]) =>
    parts.reduce((digest, part) => digest.update(part), createHash("sha256")).digest();
  const key = hash(hash(seed), JSON.stringify(["plenary/random/1", ...labels]));
  const cipher = createCipheriv("chacha20", key, new Uint8Array(16));
  for (;;) yield cipher.update(new Uint8Array(4)).readUInt32LE();
}

/** Largest distance of a frequency over `draws` from its probability: five standard deviations. */
function bound(probability: number, draws: number): number {
  return 5 * Math.sqrt((probability * (1 - probability)) / draws) + 1e-12;
}

test("every member, auditor and segment is drawn as often as any other", () => {
  const tally = new Map<string, number>();
  const count = (name: string) => tally.set(name, (tally.get(name) ?? 0) + 1);
  for (const seed of seeds)
    for (const { member, auditor } of drawAudits(seed, members, { auditors, membersPerRound: 3 })) {
      count(toHex(member));
      count(toBase58(auditor));
      for (const segment of drawSegments(seed, member, 8, 2)) count(`segment ${segment}`);
    }
  const expect = (name: string, probability: number, draws: number) =>
    assert.ok(Math.abs(tally.get(name)! / draws - probability) < bound(probability, draws), name);
  for (const member of members) expect(toHex(member), 3 / 12, seeds.length);
  for (const auditor of auditors) expect(auditor, 1 / 3, seeds.length * 3);
  for (let segment = 0; segment < 8; segment += 1)
    expect(`segment ${segment}`, 2 / 8, seeds.length * 3);
});

test("the probability of detection is that of the formula, and what draws give", () => {
  const whole = { members: 1, membersPerRound: 1, segments: 10, segmentsPerMember: 3 };
  assert.equal(detectionProbability({ ...whole, wrongSegments: 0 }), 0);
  assert.equal(detectionProbability({ ...whole, wrongSegments: 8 }), 1);
  // 1 - C(8, 3) / C(10, 3)
  assert.ok(
    Math.abs(detectionProbability({ ...whole, wrongSegments: 2 }) - (1 - 56 / 120)) < 1e-12,
  );
  const cheater = members[5]!;
  const drawnBy = seeds.filter((seed) =>
    drawAudits(seed, members, { auditors, membersPerRound: 4 }).some(
      ({ member }) => member === cheater,
    ),
  );
  for (const wrongSegments of [1, 2, 4])
    for (const segmentsPerMember of [1, 3]) {
      const expected = detectionProbability({
        members: 12,
        membersPerRound: 4,
        segments: 8,
        segmentsPerMember,
        wrongSegments,
      });
      const isCaught = (seed: Uint8Array) =>
        drawSegments(seed, cheater, 8, segmentsPerMember).some(
          (segment) => segment < wrongSegments,
        );
      const actual = drawnBy.filter(isCaught).length / seeds.length;
      assert.ok(
        Math.abs(actual - expected) < bound(expected, seeds.length),
        `${actual} for ${expected}`,
      );
    }
});
