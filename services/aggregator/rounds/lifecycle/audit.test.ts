import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { auditSeed, drawAudits, fromBase58, fromHex, toBase58, toHex } from "@plenary/protocol";
import { AUDITS, AuditedRound } from "../../testing/bench/audited-round.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";

describe("audits of a closed round", () => {
  let bench: Workbench;
  let round: AuditedRound;

  before(async () => {
    bench = await openWorkbench();
  });
  after(() => bench.close());
  beforeEach(async () => {
    round = await AuditedRound.found(bench);
  });

  test("a round waits for its drawn auditors, whom anyone can compute, and continues with the last report", async () => {
    await assert.rejects(round.view(), { code: "not-found" });
    await round.collect();
    const row = await round.played.round();
    assert.equal(row.state, "closing");
    assert.deepEqual(bench.ledger.effects, ["open 1", "audit-draw 1"]);
    const { audits, open, until, drawn } = await round.view();
    const account = await bench.ledger.round(round.played.address, 1n);
    assert.equal(drawn, toHex(account?.auditDrawn ?? new Uint8Array()));
    assert.ok(open);
    assert.equal(until, bench.ledger.time + 120_000);
    const seed = auditSeed(row.base.root, 1n, fromHex(drawn, 32));
    const members = round.played.federation.members.map(({ address }) => address);
    assert.deepEqual(
      audits.map(({ member, auditor }) => [member, auditor]),
      drawAudits(seed, members, AUDITS).map(({ member, auditor }) => [
        toBase58(member),
        toBase58(auditor),
      ]),
    );
    // 24 steps with a checkpoint every 6 are 4 segments.
    for (const { segments } of audits)
      assert.ok(segments.length === 3 && segments.every((s) => s < 4));
    await round.hand(await round.reportOn(0, "passed"));
    await round.played.work();
    assert.equal((await round.played.round()).state, "closing");
    await round.hand(await round.reportOn(1, "passed"));
    await round.played.work();
    assert.equal((await round.played.round()).state, "committed");
    assert.ok(!(await round.view()).open);
    const { result, manifestHash } = await round.replayed();
    assert.deepEqual(result.manifestHash, manifestHash);
    assert.equal(result.counted, 3);
    assert.equal((await round.played.events("audits-drawn")).length, 1);
    assert.equal((await round.played.events("audit-reported")).length, 2);
  });

  for (const outcome of ["failed", "refused"] as const)
    test(`an audit that ${outcome} takes the update out and forfeits its pay, and the round replays`, async () => {
      await round.collect();
      const report = await round.reportOn(1, outcome);
      await round.hand(await round.reportOn(0, "passed"));
      await round.hand(report);
      await round.played.work();
      const { result, manifestHash } = await round.replayed();
      assert.deepEqual(result.manifestHash, manifestHash);
      const cheater = (await round.view()).audits[1]?.member ?? "";
      const update = await bench.context.store.updates.standingOf(
        { federation: round.played.address, number: 1n },
        fromBase58(cheater),
      );
      assert.deepEqual([update?.state, update?.reason], ["refused", 5]);
      const leaf = result.leaves.find(({ member }) => toBase58(member) === cheater);
      assert.deepEqual([leaf?.reason, leaf?.weight], [5, 0]);
      const rewards = await bench.context.store.rewards.ofRound({
        federation: round.played.address,
        number: 1n,
      });
      assert.deepEqual(
        rewards.map(({ cumulative }) => cumulative),
        [500n, 500n],
      );
      assert.ok(!rewards.some(({ member }) => toBase58(member) === cheater));
      assert.equal((await round.view()).audits[1]?.report?.outcome, outcome);
      assert.equal((await round.played.round()).computed?.commitment.totalWeight, 20);
    });

  test("silent auditors keep nobody waiting longer than agreed, and refuse nothing", async () => {
    await round.collect();
    await round.hand(await round.reportOn(0, "failed"));
    bench.ledger.time += 119_000;
    await round.played.work();
    assert.equal((await round.played.round()).state, "closing");
    const late = await round.reportOn(1, "failed");
    bench.ledger.time += 1_000;
    await round.played.work();
    assert.equal((await round.played.round()).state, "committed");
    await assert.rejects(round.hand(late), { code: "round-closed" });
    const { result, manifestHash } = await round.replayed();
    assert.deepEqual(result.manifestHash, manifestHash);
    assert.equal(result.counted, 2);
  });

  test("a round with too few counted updates after its audits is void", async () => {
    round = await AuditedRound.found(bench, { membersPerRound: 3 });
    await round.collect();
    for (const place of [0, 1, 2]) await round.hand(await round.reportOn(place, "failed"));
    await round.played.work();
    const row = await round.played.round();
    assert.match(row.voidReason ?? "", /0 updates counted/);
    bench.ledger.time = (row.opened?.commitBy ?? 0) + 2_000;
    await round.played.work();
    assert.equal((await round.played.round()).state, "void");
    const updates = await bench.context.store.updates.standing({
      federation: round.played.address,
      number: 1n,
    });
    assert.ok(updates.every(({ reason }) => reason === 5));
  });

  test("a draw that the program no longer takes makes the round void", async () => {
    await round.played.upload(1n);
    const { opened } = await round.played.round();
    bench.ledger.time = (opened?.commitBy ?? 0) + 2_000;
    await round.played.work();
    assert.equal((await round.played.round()).state, "void");
    assert.ok(!bench.ledger.effects.includes("audit-draw 1"));
  });
});
