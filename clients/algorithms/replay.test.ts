import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEnvelope, parseManifest, REASONS, toHex, vectorRoot } from "@plenary/protocol";
import fc from "fast-check";
import { createAggregator } from "./aggregators/index.ts";
import { completeRound } from "./complete-round.ts";
import { type PublicRound, replayRound } from "./replay.ts";
import type { CompletedRound, RoundContext, RoundUpdate } from "./round.ts";
import { screenUpdate } from "./screening/index.ts";
import {
  AUDITS,
  configurationFixture,
  contextFixture,
  distanceUtility,
  hashOf,
  publicRound,
  reportFixture,
  type UpdateFixture,
  type UpdatePlan,
  updateFixture,
  vectorFixture,
} from "./testing/round-fixture.ts";

const TARGET = vectorFixture("target", 150, 2 ** 25);
const evaluate = distanceUtility(TARGET);

/** Six members, five of them counted: c's payload is malformed. */
function plans(): UpdatePlan[] {
  const good = ["a", "b", "d", "e", "f"].map((member, i) => ({
    member,
    delta: vectorFixture(`delta ${member}`, 150, 2 ** 22),
    weight: 10 + 37 * i,
    codec: i % 2 === 0 ? ("int8" as const) : ("int32" as const),
  }));
  return [
    ...good,
    { member: "c", delta: vectorFixture("delta c", 150, 100), payload: new Uint8Array(3) },
  ];
}

function fixtures(context: RoundContext): UpdateFixture[] {
  return plans().map((plan) => updateFixture(context, plan));
}

/** The service's way: updates are folded as they arrive, or decoded when the round closes. */
async function collect(
  context: RoundContext,
  round: PublicRound,
  isFolded: boolean,
): Promise<CompletedRound> {
  const aggregator = createAggregator(context.configuration.aggregator);
  const running = isFolded ? aggregator.incremental?.start(context.base.length) : undefined;
  const updates: RoundUpdate[] = [];
  const screened = async (message: Uint8Array) => {
    const envelope = decodeEnvelope(message);
    const payload = await round.payload(envelope.payloadHash);
    return screenUpdate({ configuration: context.configuration, envelope, payload });
  };
  for (const update of round.updates) {
    const { leaf, delta } = await screened(update.message);
    updates.push({ ...update, leaf });
    if (delta !== undefined) running?.fold(delta, leaf.weight);
  }
  const delta = async ({ message }: RoundUpdate): Promise<Int32Array> =>
    (await screened(message)).delta!;
  return completeRound({ context, updates, running, delta }, evaluate);
}

for (const strategy of [{ name: "fedavg" }, { name: "fedavgm", momentum: 58_982 }])
  test(`service and verifier agree to the bit, in any order of updates: ${strategy.name}`, async () => {
    const context = contextFixture(configurationFixture({ strategy }));
    const updates = fixtures(context);
    const expected = await replayRound(publicRound(context, updates), evaluate);
    const shuffledUpdates = fc.shuffledSubarray(updates, { minLength: updates.length });
    await fc.assert(
      fc.asyncProperty(shuffledUpdates, fc.boolean(), async (shuffled, isFolded) => {
        const round = publicRound(context, shuffled);
        assert.deepEqual(await collect(context, round, isFolded), expected);
        assert.deepEqual(await replayRound(round, evaluate), expected);
      }),
      { numRuns: 15 },
    );
  });

test("a round is what the protocol says, recomputed in BigInt", async () => {
  const context = contextFixture();
  const updates = fixtures(context);
  const result = await replayRound(publicRound(context, updates), evaluate);
  const counted = plans().filter(({ payload }) => payload === undefined);
  const deltas = counted.map((plan) => {
    const { envelope, payload } = updateFixture(context, plan);
    return screenUpdate({ configuration: context.configuration, envelope, payload }).delta!;
  });
  const mean = (chosen: number[]): bigint[] => {
    const weight = chosen.reduce((sum, i) => sum + BigInt(counted[i]!.weight!), 0n);
    return Array.from(context.base, (_, j) => {
      const sum = chosen.reduce(
        (s, i) => s + BigInt(deltas[i]![j]!) * BigInt(counted[i]!.weight!),
        0n,
      );
      const [a, b] = [2n * sum + weight, 2n * weight];
      return a / b - (a % b < 0n ? 1n : 0n);
    });
  };
  const next = (chosen: number[]) =>
    Int32Array.from(mean(chosen), (d, j) => context.base[j]! + Number(d));
  const all = counted.map((_, i) => i);
  assert.deepEqual(result.next, next(all));
  assert.deepEqual(result.roots.next, vectorRoot(result.next));
  const full = BigInt(await evaluate(result.next));
  for (const [i, plan] of counted.entries()) {
    const without = BigInt(await evaluate(next(all.filter((k) => k !== i))));
    const entry = result.scores.find(
      ({ member }) => toHex(member) === toHex(hashOf(`member ${plan.member}`)),
    );
    assert.equal(entry?.score, full - without, `score of ${plan.member}`);
  }
  assert.equal(
    result.totalWeight,
    counted.reduce((sum, { weight }) => sum + weight!, 0),
  );
  parseManifest(result.manifest);
});

test("every reason for refusal gets its leaf, has no weight and earns nothing", async () => {
  const context = contextFixture(
    configurationFixture({ screening: { maxNorm: 10 }, audits: AUDITS }),
  );
  const small = vectorFixture("small", 150, 2 ** 20);
  const huge = small.slice();
  huge[149] = 2 ** 27;
  const bytesOf = (v: Int32Array) => new Uint8Array(v.buffer.slice(0));
  const fixtures = [
    updateFixture(context, { member: "counted", delta: small }),
    updateFixture(context, {
      member: "payload-malformed",
      delta: small,
      payload: Uint8Array.of(1, 2, 3),
    }),
    updateFixture(context, {
      member: "delta-root-mismatch",
      delta: small,
      envelope: { deltaRoot: hashOf("x") },
    }),
    updateFixture(context, {
      member: "delta-out-of-range",
      delta: huge,
      codec: "int32",
      payload: bytesOf(huge),
    }),
    updateFixture(context, {
      member: "norm-exceeded",
      delta: vectorFixture("large", 150, 2 ** 25),
    }),
    updateFixture(context, { member: "audit-failed", delta: small }),
  ];
  const round = publicRound(context, fixtures);
  const audits = [
    reportFixture(round, fixtures[5]!, "failed"),
    // An update that is refused for another reason keeps that reason.
    reportFixture(round, fixtures[4]!, "refused"),
    reportFixture(round, fixtures[0]!, "passed"),
  ];
  const result = await replayRound({ ...round, audits }, evaluate);
  assert.equal(result.counted, 1);
  assert.equal(result.leaves.length, 6);
  for (const [name, { code }] of Object.entries(REASONS)) {
    const leaf = result.leaves.find(
      ({ member }) => toHex(member) === toHex(hashOf(`member ${name}`)),
    );
    assert.equal(leaf?.reason, code, name);
    assert.equal(leaf?.weight, code === 0 ? 100 : 0);
    if (code !== 0)
      assert.ok(!result.rewards.some(({ member }) => toHex(member) === toHex(leaf.member)));
  }
});

test("the norm limit is exact: at the limit counted, one integer above refused", async () => {
  const context = contextFixture(configurationFixture({ screening: { maxNorm: 2 } }));
  const at = new Int32Array(150);
  at[3] = -(2 ** 25);
  const above = at.slice();
  above[4] = 1;
  const reasonOf = (delta: Int32Array) => {
    const { envelope, payload } = updateFixture(context, { member: "a", delta, codec: "int32" });
    return screenUpdate({ configuration: context.configuration, envelope, payload }).reason;
  };
  assert.equal(reasonOf(at), "counted");
  assert.equal(reasonOf(above), "norm-exceeded");
});

test("rewards accumulate over rounds, ascend by member and never pass the budget", async () => {
  let context = contextFixture();
  let budget = 0n;
  for (let round = 7n; round < 10n; round++) {
    context = { ...context, round };
    const result = await replayRound(publicRound(context, fixtures(context)), evaluate);
    budget += BigInt(context.configuration.rewardPerRound);
    assert.ok(result.cumulativeRewards <= budget);
    assert.ok(result.cumulativeRewards > 0n);
    for (const { member, cumulative } of context.earned) {
      const now = result.rewards.find((leaf) => toHex(leaf.member) === toHex(member));
      assert.ok(now !== undefined && now.cumulative >= cumulative);
    }
    const members = result.rewards.map(({ member }) => toHex(member));
    assert.deepEqual(members, members.toSorted());
    context = {
      ...context,
      base: result.next,
      earned: result.rewards,
      previousManifest: result.manifestHash,
    };
  }
});

test("capped data size pays by weight and evaluates nothing", async () => {
  const contribution = { name: "data-size", cap: 50 };
  const context = contextFixture(configurationFixture({ contribution, rewardPerRound: "1000" }));
  const round = publicRound(context, [
    updateFixture(context, { member: "a", delta: new Int32Array(150), weight: 25 }),
    updateFixture(context, { member: "b", delta: new Int32Array(150), weight: 5000 }),
  ]);
  const result = await replayRound(round, () => assert.fail("nothing to evaluate"));
  const earned = Object.fromEntries(result.rewards.map((r) => [toHex(r.member), r.cumulative]));
  assert.deepEqual(earned, {
    [toHex(hashOf("member a"))]: 333n,
    [toHex(hashOf("member b"))]: 666n,
  });
});

test("the manifest binds everything: any change of the round changes its hash", async () => {
  const context = contextFixture();
  const hash = async (c: RoundContext) =>
    toHex((await replayRound(publicRound(c, fixtures(c)), evaluate)).manifestHash);
  const changed: RoundContext[] = [
    { ...context, round: 8n },
    { ...context, seed: hashOf("other") },
    { ...context, genesisHash: hashOf("other") },
    { ...context, previousManifest: null },
    { ...context, base: context.base.map((x, i) => (i === 149 ? x + 1 : x)) },
    { ...context, earned: [{ member: hashOf("m"), cumulative: 1n }] },
    { ...context, configuration: { ...context.configuration, rewardPerRound: "1000004" } },
  ];
  const hashes = [await hash(context)];
  for (const other of changed) hashes.push(await hash(other));
  assert.equal(new Set(hashes).size, hashes.length);
});
