import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AuditConfiguration,
  compareBytes,
  PlenaryError,
  parseManifest,
  toHex,
} from "@plenary/protocol";
import nacl from "tweetnacl";
import { createAggregator } from "./aggregators/index.ts";
import type { SignedAuditReport } from "./audits.ts";
import { completeRound } from "./complete-round.ts";
import { replayRound } from "./replay.ts";
import type { RoundContext } from "./round.ts";
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
  updateFixture,
  vectorFixture,
} from "./testing/round-fixture.ts";

const evaluate = distanceUtility(vectorFixture("target", 150, 2 ** 25));

function contextWith(change: Partial<AuditConfiguration> = {}): RoundContext {
  return contextFixture(configurationFixture({ audits: { ...AUDITS, ...change } }));
}

function updates(context: RoundContext): [UpdateFixture, UpdateFixture, UpdateFixture] {
  const of = (member: string) =>
    updateFixture(context, { member, delta: vectorFixture(`delta ${member}`, 150, 2 ** 22) });
  return [of("a"), of("b"), of("c")];
}

function replay(
  context: RoundContext,
  fixtures: readonly UpdateFixture[],
  audits: SignedAuditReport[],
) {
  return replayRound({ ...publicRound(context, fixtures), audits }, evaluate);
}

async function failureOf(promise: Promise<unknown>): Promise<PlenaryError> {
  const error = await promise.then(
    () => assert.fail("it did not fail"),
    (e: unknown) => e,
  );
  assert.ok(error instanceof PlenaryError, String(error));
  return error;
}

for (const outcome of ["failed", "refused"] as const)
  test(`an update whose audit ${outcome} does not move the model and earns nothing; the manifest has the report`, async () => {
    const context = contextWith();
    const [a, b, c] = updates(context);
    const round = publicRound(context, [a, b, c]);
    const reports = [reportFixture(round, c, outcome), reportFixture(round, a, "passed")];
    const result = await replay(context, [a, b, c], reports);
    const without = await replay(context, [a, b], []);
    assert.deepEqual(result.next, without.next);
    assert.deepEqual(result.scores, without.scores);
    assert.deepEqual(result.rewards, without.rewards);
    const leaf = result.leaves.find(({ member }) => compareBytes(member, c.envelope.member) === 0);
    assert.deepEqual([leaf?.reason, leaf?.weight], [5, 0]);
    assert.equal(result.manifest.audits?.slotHash, toHex(hashOf("audit slot")));
    assert.equal(result.manifest.audits?.reports.length, 2);
    parseManifest(result.manifest);
    const shuffled = await replay(context, [c, a, b], reports.toReversed());
    assert.deepEqual(shuffled.manifestHash, result.manifestHash);
  });

test("a manifest without audits has no field for them, so that its hash is what it was", async () => {
  const context = contextFixture();
  const { manifest } = await replay(context, updates(context), []);
  assert.ok(!("audits" in manifest));
});

test("only the drawn auditor's signed report about this very update counts", async () => {
  const other = nacl.sign.keyPair.fromSeed(hashOf("stranger"));
  const context = contextWith();
  const fixtures = updates(context);
  const [a] = fixtures;
  const round = publicRound(context, fixtures);
  const cases: readonly [SignedAuditReport, RegExp][] = [
    [reportFixture(round, a, "failed", {}, other.secretKey), /signature is not the auditor's/],
    [
      reportFixture(round, a, "failed", { auditor: other.publicKey }, other.secretKey),
      /was drawn to audit it/,
    ],
    [reportFixture(round, a, "failed", { envelopeHash: hashOf("x") }), /another update/],
    [reportFixture(round, a, "failed", { auditSeed: hashOf("x") }), /another auditSeed/],
    [reportFixture(round, a, "failed", { federation: hashOf("x") }), /another federation/],
    [reportFixture(round, a, "failed", { genesisHash: hashOf("x") }), /another genesisHash/],
    [reportFixture(round, a, "failed", { round: 6n }), /for round 6/],
    [reportFixture(round, a, "failed", { member: hashOf("nobody") }), /not drawn/],
    [reportFixture(round, a, "failed", { outcome: 7 }), /outcome is unknown/],
    [reportFixture(round, a, "passed", { checkpoint: 3 }), /outcome is unknown/],
    [{ message: new Uint8Array(3), signature: new Uint8Array(64) }, /does not count/],
  ];
  for (const [report, problem] of cases) {
    const error = await failureOf(replay(context, fixtures, [report]));
    assert.equal(error.code, "verification-failed");
    assert.match(error.message, problem);
  }
  const report = reportFixture(round, a, "passed");
  assert.match(
    (await failureOf(replay(context, fixtures, [report, report]))).message,
    /two about this member/,
  );
});

test("members that were not drawn cannot be reported on", async () => {
  const context = contextWith({ membersPerRound: 1 });
  const fixtures = updates(context);
  const round = publicRound(context, fixtures);
  const outcomes = await Promise.all(
    fixtures.map((fixture) =>
      replay(context, fixtures, [reportFixture(round, fixture, "failed")]).then(
        ({ counted }) => counted,
        (error: PlenaryError) => error.code,
      ),
    ),
  );
  assert.deepEqual(outcomes.sort(), [2, "verification-failed", "verification-failed"]);
});

test("a round is refused without its draw, with another than the chain's, or with one but no audits", async () => {
  const context = contextWith();
  const fixtures = updates(context);
  const round = publicRound(context, fixtures);
  const { auditDraw } = round.context;
  assert.ok(auditDraw);
  const replayWith = (draw: RoundContext["auditDraw"], of: readonly UpdateFixture[] = fixtures) =>
    replayRound(
      { ...publicRound(context, of), context: { ...context, auditDraw: draw } },
      evaluate,
    );
  await replayWith(auditDraw);
  const wrong = [
    replayWith(null),
    replayWith({ ...auditDraw, slotHash: hashOf("another slot") }),
    // An update that arrived after the draw, or was left out since.
    replayWith(auditDraw, fixtures.slice(1)),
    replayWith(auditDraw, [
      ...fixtures,
      updateFixture(context, { member: "late", delta: new Int32Array(150) }),
    ]),
  ];
  for (const attempt of wrong) assert.equal((await failureOf(attempt)).code, "round-inconsistent");
  const plain = contextFixture();
  const undrawn = publicRound(plain, updates(plain));
  const drawn = { ...undrawn, context: { ...plain, auditDraw } };
  assert.equal((await failureOf(replayRound(drawn, evaluate))).code, "round-inconsistent");
  const report = reportFixture(undrawn, updates(plain)[0], "failed");
  assert.match(
    (await failureOf(replay(plain, updates(plain), [report]))).message,
    /another auditSeed/,
  );
});

test("an aggregator can neither claim a failed audit without a report nor count an update despite one", async () => {
  const context = contextWith();
  const [a, b, c] = updates(context);
  const round = publicRound(context, [a, b, c]);
  const complete = (auditFailed: boolean, audits: SignedAuditReport[]) => {
    const running = createAggregator(context.configuration.aggregator).incremental!.start(150);
    const screened = [a, b, c].map(({ update, envelope, payload }) => {
      const isFailed = auditFailed && envelope === c.envelope;
      const { configuration } = context;
      const { leaf, delta } = screenUpdate({
        configuration,
        envelope,
        payload,
        auditFailed: isFailed,
      });
      if (delta !== undefined) running.fold(delta, leaf.weight);
      return { update: { ...update, leaf }, delta };
    });
    const delta = async (wanted: { message: Uint8Array }) =>
      screened.find(({ update }) => update.message === wanted.message)!.delta!;
    const updates = screened.map(({ update }) => update);
    return completeRound({ context: round.context, updates, running, delta, audits }, evaluate);
  };
  const failed = reportFixture(round, c, "failed");
  const honest = await complete(true, [failed]);
  assert.deepEqual(honest, await replay(context, [a, b, c], [failed]));
  assert.match((await failureOf(complete(true, []))).message, /no auditor's report says so/);
  assert.match((await failureOf(complete(false, [failed]))).message, /though its audit failed/);
});

test("where training is audited, an update without checkpoints gets no receipt", async () => {
  const context = contextWith();
  const bare = updateFixture(context, {
    member: "a",
    delta: new Int32Array(150),
    envelope: { checkpointRoot: new Uint8Array(32) },
  });
  const error = await failureOf(replay(context, [bare], []));
  assert.deepEqual(
    [error.code, error.context.reason],
    ["verification-failed", "checkpoints-missing"],
  );
});
