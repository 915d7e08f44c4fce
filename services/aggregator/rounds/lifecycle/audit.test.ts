import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { type RoundResult, replayRound, type SignedAuditReport } from "@plenary/algorithms";
import {
  AUDIT_OUTCOMES,
  type AuditConfiguration,
  type AuditOutcome,
  type AuditReport,
  auditSeed,
  drawAudits,
  encodeAuditReport,
  fromBase58,
  fromBase64,
  fromHex,
  hashJson,
  parseManifest,
  signMessage,
  toBase58,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import { DEFAULT_TRAINING } from "@plenary/training";
import { Keypair } from "@solana/web3.js";
import type { JobContext } from "../../jobs/job.ts";
import { type BenchFederation, foundOn } from "../../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { isReader } from "../access/readers.ts";
import { findFederation } from "../lookup.ts";
import { viewAudits } from "../views/view-audits.ts";
import { acceptAuditReport } from "./audit-report.ts";

const AUDITORS = [Keypair.generate(), Keypair.generate()];
const AUDITS: AuditConfiguration = {
  auditors: AUDITORS.map(({ publicKey }) => publicKey.toBase58()),
  checkpointEvery: 6,
  membersPerRound: 2,
  segmentsPerMember: 3,
  mode: { name: "reproducible" },
  waitSeconds: 120,
};

describe("audits of a closed round", () => {
  let bench: Workbench;
  let worker: JobContext;
  let federation: BenchFederation;

  before(async () => {
    bench = await openWorkbench();
  });
  after(() => bench.close());
  beforeEach(async () => {
    bench.ledger.accepts = () => true;
    bench.ledger.effects.length = 0;
    bench.asked.length = 0;
    await found();
  });

  async function found(audits: Partial<AuditConfiguration> = {}): Promise<void> {
    worker = bench.worker();
    federation = await foundOn(bench, "audits", (defaults) => ({
      ...defaults,
      training: DEFAULT_TRAINING.tilt,
      strategy: { name: "fedavg" },
      audits: { ...AUDITS, ...audits },
    }));
    await work();
  }

  /** Takes every job that was asked for, and what follows from them. */
  async function work(): Promise<void> {
    const data = { federation: toBase58(federation.address) };
    await bench.run(worker, { name: "advanceFederation", data });
    for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
      await bench.run(worker, job);
  }

  async function collect(): Promise<void> {
    for (const place of [0, 1, 2]) await federation.upload(1n, await federation.update(1n, place));
    await work();
  }

  const rowOf = async (number = 1n) => {
    const row = await bench.context.store.rounds.find({ federation: federation.address, number });
    assert.ok(row);
    return row;
  };
  const registered = () => findFederation(bench.context, toBase58(federation.address));
  const view = async () => viewAudits(bench.context, await registered(), await rowOf());
  const eventsOf = async (type: string) =>
    (await bench.context.store.events.after(federation.address, 0n, 1_000)).filter(
      (e) => e.type === type,
    );

  /** A drawn auditor's report about the drawn member in this place. */
  async function reportOn(
    place: number,
    outcome: AuditOutcome,
    change: Partial<AuditReport> = {},
  ): Promise<SignedAuditReport> {
    const { audits, seed } = await view();
    const drawn = audits[place];
    assert.ok(drawn);
    const auditor = AUDITORS.find(({ publicKey }) => publicKey.toBase58() === drawn.auditor);
    assert.ok(auditor);
    const { ledger, context } = bench;
    const member = fromBase58(drawn.member);
    const update = await context.store.updates.standingOf(
      { federation: federation.address, number: 1n },
      member,
    );
    assert.ok(update);
    const message = encodeAuditReport({
      genesisHash: await ledger.genesisHash(),
      programId: ledger.programId,
      federation: federation.address,
      round: 1n,
      member,
      envelopeHash: update.envelope_hash,
      auditSeed: fromHex(seed, 32),
      outcome: AUDIT_OUTCOMES[outcome],
      checkpoint: outcome === "failed" ? 3 : 0,
      auditor: auditor.publicKey.toBytes(),
      ...change,
    });
    return { message, signature: signMessage(message, auditor.secretKey) };
  }

  const hand = async (report: SignedAuditReport) =>
    acceptAuditReport(bench.context, await registered(), await rowOf(), report);

  /**
   * The round from what a stranger has: the manifest's blob, the blobs that it names, the chain.
   */
  async function replayed(number = 1n): Promise<{ result: RoundResult; manifestHash: Uint8Array }> {
    const { blobs, ledger } = bench.context;
    const { configuration } = await registered();
    const row = await rowOf(number);
    const manifestHash = row.computed?.commitment.manifestHash;
    assert.ok(manifestHash);
    const manifest = parseManifest(
      JSON.parse(new TextDecoder().decode(await blobs.read(manifestHash))),
    );
    assert.deepEqual(hashJson(manifest), manifestHash);
    const onChain = await ledger.round(federation.address, number);
    assert.ok(onChain?.auditDrawn && manifest.audits);
    const vector = async (hash: string) => vectorFromBytes(await blobs.read(fromHex(hash, 32)));
    const result = await replayRound(
      {
        context: {
          genesisHash: await ledger.genesisHash(),
          programId: ledger.programId,
          federation: federation.address,
          round: number,
          configuration,
          seed: fromHex(manifest.seed, 32),
          auditDraw: { slotHash: fromHex(manifest.audits.slotHash, 32), drawn: onChain.auditDrawn },
          previousManifest: null,
          base: await vector(manifest.base.blob),
          state: await vector(manifest.stateBefore.blob),
          earned: [],
        },
        updates: manifest.updates.map(({ envelope, signature, signingKey }) => ({
          message: fromBase64(envelope),
          signature: fromBase64(signature),
          signingKey: fromBase58(signingKey),
        })),
        payload: (hash) => blobs.read(hash),
        audits: manifest.audits.reports.map(({ report, signature }) => ({
          message: fromBase64(report),
          signature: fromBase64(signature),
        })),
      },
      async () => assert.fail("nothing is evaluated for pay by data size"),
    );
    return { result, manifestHash: onChain.manifestHash };
  }

  test("a round waits for its drawn auditors, whom anyone can compute, and goes on with the last report", async () => {
    await assert.rejects(view(), { code: "not-found" });
    await collect();
    const row = await rowOf();
    assert.equal(row.state, "closing");
    assert.deepEqual(bench.ledger.effects, ["open 1", "audit-draw 1"]);
    const { audits, open, until, drawn } = await view();
    const account = await bench.ledger.round(federation.address, 1n);
    assert.equal(drawn, toHex(account?.auditDrawn ?? new Uint8Array()));
    assert.ok(open);
    assert.equal(until, bench.ledger.time + 120_000);
    const seed = auditSeed(row.base.root, 1n, fromHex(drawn, 32));
    const members = federation.members.map(({ address }) => address);
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
    await hand(await reportOn(0, "passed"));
    await work();
    assert.equal((await rowOf()).state, "closing");
    await hand(await reportOn(1, "passed"));
    await work();
    assert.equal((await rowOf()).state, "committed");
    assert.ok(!(await view()).open);
    const { result, manifestHash } = await replayed();
    assert.deepEqual(result.manifestHash, manifestHash);
    assert.equal(result.counted, 3);
    assert.equal((await eventsOf("audits-drawn")).length, 1);
    assert.equal((await eventsOf("audit-reported")).length, 2);
  });

  for (const outcome of ["failed", "refused"] as const)
    test(`an audit that ${outcome} takes the update out and forfeits its pay, and the round replays`, async () => {
      await collect();
      const report = await reportOn(1, outcome);
      await hand(await reportOn(0, "passed"));
      await hand(report);
      await work();
      const { result, manifestHash } = await replayed();
      assert.deepEqual(result.manifestHash, manifestHash);
      const cheater = (await view()).audits[1]?.member ?? "";
      const update = await bench.context.store.updates.standingOf(
        { federation: federation.address, number: 1n },
        fromBase58(cheater),
      );
      assert.deepEqual([update?.state, update?.reason], ["refused", 5]);
      const leaf = result.leaves.find(({ member }) => toBase58(member) === cheater);
      assert.deepEqual([leaf?.reason, leaf?.weight], [5, 0]);
      const rewards = await bench.context.store.rewards.ofRound({
        federation: federation.address,
        number: 1n,
      });
      assert.deepEqual(
        rewards.map(({ cumulative }) => cumulative),
        [500n, 500n],
      );
      assert.ok(!rewards.some(({ member }) => toBase58(member) === cheater));
      assert.equal((await view()).audits[1]?.report?.outcome, outcome);
      assert.equal((await rowOf()).computed?.commitment.totalWeight, 20);
    });

  test("auditors who stay silent keep nobody waiting longer than agreed, and refuse nothing", async () => {
    await collect();
    await hand(await reportOn(0, "failed"));
    bench.ledger.time += 119_000;
    await work();
    assert.equal((await rowOf()).state, "closing");
    const late = await reportOn(1, "failed");
    bench.ledger.time += 1_000;
    await work();
    assert.equal((await rowOf()).state, "committed");
    await assert.rejects(hand(late), { code: "round-closed" });
    const { result, manifestHash } = await replayed();
    assert.deepEqual(result.manifestHash, manifestHash);
    assert.equal(result.counted, 2);
  });

  test("what does not count is refused when it is handed in", async () => {
    await found({ membersPerRound: 1 });
    await collect();
    const passed = await reportOn(0, "passed");
    const [drawn] = (await view()).audits;
    const other = federation.members.find(({ address }) => toBase58(address) !== drawn?.member);
    const stranger = Keypair.generate();
    const cases: [SignedAuditReport, string][] = [
      [
        await reportOn(0, "passed", { member: other?.address ?? new Uint8Array(32) }),
        "verification-failed",
      ],
      [await reportOn(0, "passed", { round: 2n }), "verification-failed"],
      [await reportOn(0, "passed", { auditSeed: new Uint8Array(32) }), "verification-failed"],
      [
        await reportOn(0, "passed", { auditor: stranger.publicKey.toBytes() }),
        "verification-failed",
      ],
      [
        { ...passed, signature: signMessage(passed.message, stranger.secretKey) },
        "verification-failed",
      ],
      [{ ...passed, message: passed.message.subarray(1) }, "malformed-envelope"],
    ];
    for (const [report, code] of cases) await assert.rejects(hand(report), { code });
    assert.equal((await view()).audits[0]?.report, null);
    await hand(passed);
    await hand(passed);
    await assert.rejects(hand(await reportOn(0, "failed")), { code: "conflict" });
    assert.equal((await eventsOf("audit-reported")).length, 1);
    await work();
    await hand(passed);
    assert.equal((await rowOf()).state, "committed");
  });

  test("an auditor may read a private federation, which strangers may not", async () => {
    const { address } = await foundOn(bench, "private", (defaults) => ({
      ...defaults,
      training: DEFAULT_TRAINING.tilt,
      visibility: "private",
      audits: AUDITS,
    }));
    const row = await findFederation(bench.context, toBase58(address));
    for (const { publicKey } of AUDITORS)
      assert.ok(await isReader(bench.context, row, publicKey.toBytes()));
    assert.ok(!(await isReader(bench.context, row, Keypair.generate().publicKey.toBytes())));
  });

  test("a round of which too little is left after its audits is void", async () => {
    await found({ membersPerRound: 3 });
    await collect();
    for (const place of [0, 1, 2]) await hand(await reportOn(place, "failed"));
    await work();
    const row = await rowOf();
    assert.match(row.voidReason ?? "", /0 updates counted/);
    bench.ledger.time = (row.opened?.commitBy ?? 0) + 2_000;
    await work();
    assert.equal((await rowOf()).state, "void");
    const updates = await bench.context.store.updates.standing({
      federation: federation.address,
      number: 1n,
    });
    assert.ok(updates.every(({ reason }) => reason === 5));
  });

  test("a draw that the program will not take any more makes the round void", async () => {
    for (const place of [0, 1, 2]) await federation.upload(1n, await federation.update(1n, place));
    const { opened } = await rowOf();
    bench.ledger.time = (opened?.commitBy ?? 0) + 2_000;
    await work();
    assert.equal((await rowOf()).state, "void");
    assert.ok(!bench.ledger.effects.includes("audit-draw 1"));
  });

  test("killed anywhere between close and commit, another worker draws once, keeps the reports and completes the round", async () => {
    const { store, blobs } = bench.context;
    const moments = [
      { object: bench.ledger, call: "auditSlotHash" },
      { object: bench.ledger, call: "drawAudits" },
      { object: store.transactions, call: "confirm" },
      { object: store.auditReports, call: "ofRound" },
      { object: blobs, call: "write" },
    ] as const;
    for (const { object, call } of moments)
      for (const when of ["before", "after"] as const) {
        await found();
        bench.ledger.effects.length = 0;
        for (const place of [0, 1, 2])
          await federation.upload(1n, await federation.update(1n, place));
        const doomed = killAt(object, call, when);
        await workThroughDeath();
        for (const [place, outcome] of [
          [0, "failed"],
          [1, "passed"],
        ] as const)
          await hand(await reportOn(place, outcome));
        await workThroughDeath();
        assert.ok(doomed.restore(), `nothing was killed ${when} ${call}`);
        assert.equal((await rowOf()).state, "committed");
        assert.equal(bench.ledger.effects.filter((effect) => effect === "audit-draw 1").length, 1);
        const { result, manifestHash } = await replayed();
        assert.deepEqual(result.manifestHash, manifestHash);
        assert.equal(result.counted, 2);
      }
  });

  /** A worker that dies, and another that goes on. */
  async function workThroughDeath(): Promise<void> {
    await work().catch((error: unknown) => {
      if (!(error instanceof Error && error.message === KILLED)) throw error;
      bench.asked.length = 0;
      worker = bench.worker();
    });
    await work();
  }
});

const KILLED = "killed";

/** Fails one call, once, before or after its effect; `restore` says whether it did. */
function killAt(object: object, call: string, when: "before" | "after"): { restore(): boolean } {
  const real: (...parameters: never[]) => Promise<unknown> = Reflect.get(object, call);
  let killed = false;
  const die = (): never => {
    killed = true;
    throw new Error(KILLED);
  };
  Reflect.set(object, call, async (...parameters: never[]) => {
    if (!killed && when === "before") die();
    const result = await real.apply(object, parameters);
    return killed ? result : die();
  });
  return {
    restore: () => {
      Reflect.set(object, call, real);
      return killed;
    },
  };
}
