import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { SignedAuditReport } from "@plenary/algorithms";
import { signMessage, toBase58 } from "@plenary/protocol";
import { DEFAULT_TRAINING } from "@plenary/training";
import { Keypair } from "@solana/web3.js";
import { AUDITORS, AUDITS, AuditedRound } from "../../testing/bench/audited-round.ts";
import { PlayedFederation } from "../../testing/bench/played-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { isReader } from "../access/readers.ts";

let bench: Workbench;
before(async () => {
  bench = await openWorkbench();
});
after(() => bench.close());

test("a report that does not count is refused when it is handed in", async () => {
  const round = await AuditedRound.found(bench, { membersPerRound: 1 });
  await round.collect();
  const passed = await round.reportOn(0, "passed");
  const [drawn] = (await round.view()).audits;
  const other = round.played.federation.members.find(
    ({ address }) => toBase58(address) !== drawn?.member,
  );
  const stranger = Keypair.generate();
  const cases: [SignedAuditReport, string][] = [
    [
      await round.reportOn(0, "passed", { member: other?.address ?? new Uint8Array(32) }),
      "verification-failed",
    ],
    [await round.reportOn(0, "passed", { round: 2n }), "verification-failed"],
    [await round.reportOn(0, "passed", { auditSeed: new Uint8Array(32) }), "verification-failed"],
    [
      await round.reportOn(0, "passed", { auditor: stranger.publicKey.toBytes() }),
      "verification-failed",
    ],
    [
      { ...passed, signature: signMessage(passed.message, stranger.secretKey) },
      "verification-failed",
    ],
    [{ ...passed, message: passed.message.subarray(1) }, "malformed-envelope"],
  ];
  for (const [report, code] of cases) await assert.rejects(round.hand(report), { code });
  assert.equal((await round.view()).audits[0]?.report, null);
  await round.hand(passed);
  await round.hand(passed);
  await assert.rejects(round.hand(await round.reportOn(0, "failed")), { code: "conflict" });
  assert.equal((await round.played.events("audit-reported")).length, 1);
  await round.played.work();
  await round.hand(passed);
  assert.equal((await round.played.round()).state, "committed");
});

test("an auditor may read a private federation, and a stranger may not", async () => {
  const played = await PlayedFederation.found(bench, "private", (defaults) => ({
    ...defaults,
    training: DEFAULT_TRAINING.tilt,
    visibility: "private",
    audits: AUDITS,
  }));
  const row = await played.row();
  for (const { publicKey } of AUDITORS)
    assert.ok(await isReader(bench.context, row, publicKey.toBytes()));
  assert.ok(!(await isReader(bench.context, row, Keypair.generate().publicKey.toBytes())));
});
