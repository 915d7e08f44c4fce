import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { PlenaryError, sha256, toBase58, toHex } from "@plenary/protocol";
import type { LedgerDispute } from "../../chain/ledger.ts";
import { type BenchFederation, foundOn } from "../../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import type { Context } from "../context.ts";
import { finalizeRounds } from "../lifecycle/finalize.ts";
import { viewRound } from "../views/view-round.ts";
import { answerDisputes } from "./answer.ts";
import { noteMissedDisputes } from "./missed.ts";

const WINDOW_SECONDS = 3_600;
const DEMAND_MILLISECONDS = 60_000;

describe("disputes of committed rounds", () => {
  let bench: Workbench;
  let federation: BenchFederation;
  let context: Context;
  let errors: { readonly fields: object; readonly message: string }[];

  before(async () => {
    bench = await openWorkbench();
    bench.ledger.challengeWindow = WINDOW_SECONDS;
  });
  after(() => bench.close());
  beforeEach(async () => {
    const worker = bench.worker();
    bench.ledger.accepts = () => true;
    bench.ledger.answers.length = 0;
    errors = [];
    context = {
      ...bench.context,
      log: {
        info() {},
        warn() {},
        error: (fields, message) => void errors.push({ fields, message }),
      },
    };
    federation = await foundOn(bench, "disputed");
    bench.asked.push({
      name: "advanceFederation",
      data: { federation: toBase58(federation.address) },
    });
    const work = async () => {
      for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
        await bench.run(worker, job);
    };
    await work();
    for (const place of [0, 1, 2]) await federation.upload(1n, await federation.update(1n, place));
    await work();
  });

  const look = () => answerDisputes(context, federation.address);
  /** Looks, and again when whoever might have ended a dispute has had time to. */
  const lookTwice = async () => {
    await look();
    bench.ledger.time += 10_000;
    await look();
  };
  const round = async () => {
    const found = await context.store.rounds.find({ federation: federation.address, number: 1n });
    assert.ok(found);
    return found;
  };
  const disputeWith = (name: string, changes: Partial<LedgerDispute>): LedgerDispute => ({
    address: sha256(federation.address, Buffer.from(name)),
    round: bench.ledger.roundAddress(federation.address, 1n),
    challenger: sha256(Buffer.from("challenger")),
    kind: "chunk",
    index: 0,
    nextLeaf: 0,
    missing: "leaf",
    targetHash: new Uint8Array(32),
    provenRight: null,
    demandedUntil: bench.ledger.time + DEMAND_MILLISECONDS,
    deposit: 6n,
    openedAt: bench.ledger.time,
    expiresAt: bench.ledger.time + 10 * DEMAND_MILLISECONDS,
    ...changes,
  });
  const challenge = (name: string, changes: Partial<LedgerDispute>) => {
    const dispute = disputeWith(name, changes);
    bench.ledger.dispute(federation.address, dispute);
    return dispute;
  };
  const events = async () =>
    (await context.store.events.after(federation.address, 0n, 1_000))
      .map(({ type }) => type)
      .filter((type) => type.startsWith("dispute"));
  const shown = async () => {
    const found = await context.store.federations.find(federation.address);
    assert.ok(found);
    return (await viewRound(context, found, await round())).disputes;
  };
  const rowOf = async ({ address, openedAt }: LedgerDispute) => {
    const found = await context.store.disputes.find({ address, opened_at: BigInt(openedAt) });
    assert.ok(found);
    return found;
  };

  test("each that demands something is answered, however many there are, and a second look finds nothing to do", async () => {
    for (let place = 0; place < 20; place++) challenge(`dispute ${place}`, { nextLeaf: place % 3 });
    challenge("quiet", { demandedUntil: null });
    await look();
    assert.equal(bench.ledger.answers.length, 20);
    await look();
    assert.equal(bench.ledger.answers.length, 20);
    const told = await events();
    assert.equal(told.filter((type) => type === "dispute-opened").length, 21);
    assert.equal(told.filter((type) => type === "dispute-answered").length, 20);
  });

  test("one that is won is ended, and until all are the round waits to become final", async () => {
    bench.ledger.time += WINDOW_SECONDS * 1_000;
    const open = challenge("open", { demandedUntil: null, expiresAt: bench.ledger.time + 60_000 });
    challenge("won", { missing: null, demandedUntil: null });
    challenge("shown", {
      kind: "envelope",
      missing: null,
      demandedUntil: null,
      provenRight: "aggregator",
    });
    await look();
    assert.equal((await bench.ledger.disputes(federation.address)).length, 3);
    bench.ledger.time += 10_000;
    await look();
    assert.deepEqual(
      (await bench.ledger.disputes(federation.address)).map(({ address }) => toHex(address)),
      [toHex(open.address)],
    );
    await finalizeRounds(context, federation.address);
    assert.equal((await round()).state, "committed");
    bench.ledger.time += 60_000;
    await lookTwice();
    await finalizeRounds(context, federation.address);
    assert.equal((await round()).state, "final");
    assert.equal((await events()).filter((type) => type === "dispute-resolved").length, 3);
  });

  test("what cannot be answered names the blob and the time, once, and holds up nobody else", async () => {
    const { blobs } = bench.context;
    const lost = toHex((await round()).computed?.nextBlob ?? new Uint8Array());
    const read: typeof blobs.read = async (hash) => {
      if (toHex(hash) === lost) throw new PlenaryError("not-found", "There is no such blob.");
      return blobs.read(hash);
    };
    const whole = context;
    context = { ...context, blobs: { ...blobs, read } };
    const dispute = challenge("lost", { missing: "next", nextLeaf: 3 });
    challenge("other", { missing: "base", nextLeaf: 3 });
    await look();
    await look();
    assert.equal(bench.ledger.answers.length, 1);
    assert.equal(errors.length, 1);
    assert.match(
      errors[0]?.message ?? "",
      new RegExp(`the next model is lost: put the blob ${lost} back`),
    );
    const until = new Date(dispute.demandedUntil ?? 0).toISOString();
    assert.deepEqual({ ...errors[0]?.fields, until }, errors[0]?.fields);
    assert.equal((await rowOf(dispute)).failures, 1);
    context = whole;
    await look();
    assert.equal(bench.ledger.answers.length, 2);
    assert.equal((await rowOf(dispute)).answers, 1);
  });

  test("cut off between the answer and what is written of it: answered once, told once", async () => {
    const dispute = challenge("cut off", {});
    const { ledger } = bench;
    context = {
      ...context,
      ledger: Object.assign(Object.create(ledger), {
        answerDispute: async (...parameters: Parameters<typeof ledger.answerDispute>) => {
          await ledger.answerDispute(...parameters);
          throw new PlenaryError("chain-unavailable", "The connection broke.");
        },
      }),
    };
    await assert.rejects(look(), { code: "chain-unavailable" });
    context = { ...context, ledger };
    assert.equal((await rowOf(dispute)).answers, 0);
    await look();
    await look();
    assert.equal(ledger.answers.length, 1);
    assert.deepEqual(await events(), ["dispute-opened", "dispute-answered"]);
  });

  test("one that a node has hidden for a while is answered like any other", async () => {
    const dispute = challenge("hidden", { demandedUntil: null });
    await look();
    const { ledger } = bench;
    context = {
      ...context,
      ledger: Object.assign(Object.create(ledger), { disputes: async () => [] }),
    };
    await look();
    assert.equal((await rowOf(dispute)).state, "ended");
    context = { ...context, ledger };
    challenge("hidden", {});
    await look();
    assert.equal((await rowOf(dispute)).state, "open");
    assert.equal((await rowOf(dispute)).answers, 1);
  });

  test("what somebody else answered meanwhile is no failure", async () => {
    const dispute = challenge("raced", {});
    const { ledger } = bench;
    ledger.accepts = (kind) => {
      if (kind !== "answer") return true;
      ledger.dispute(federation.address, { ...dispute, nextLeaf: 1, demandedUntil: null });
      throw new PlenaryError("transaction-failed", "nothing is demanded");
    };
    await look();
    ledger.accepts = () => true;
    await look();
    assert.deepEqual(errors, []);
    assert.deepEqual(await events(), ["dispute-opened", "dispute-answered"]);
  });

  test("too late an answer is not sent; what the challenger has won it is left to end until its time is over", async () => {
    const dispute = challenge("late", { demandedUntil: bench.ledger.time - 1_000 });
    await look();
    await look();
    assert.equal(bench.ledger.answers.length, 0);
    assert.deepEqual(
      errors.map(({ message }) => message),
      ["cannot answer a demand, for which the bond pays after its deadline: Its deadline is over."],
    );
    assert.equal((await rowOf(dispute)).state, "open");
    bench.ledger.time = dispute.expiresAt + 1_000;
    await lookTwice();
    assert.equal((await rowOf(dispute)).state, "ended");
  });

  test("who reads the round sees each dispute: what is at stake, what is demanded until when, and how it ended", async () => {
    assert.deepEqual(await shown(), []);
    bench.ledger.accepts = (kind) => {
      if (kind === "answer") throw new PlenaryError("chain-unavailable", "The node is gone.");
      return true;
    };
    const late = challenge("late", { index: 2, nextLeaf: 1 });
    await assert.rejects(look(), { code: "chain-unavailable" });
    const open = {
      address: toBase58(late.address),
      kind: "chunk",
      subject: 2,
      challenger: toBase58(late.challenger),
      deposit: "6",
      openedAt: late.openedAt,
      state: "open",
      demanded: { piece: "leaf 1 of the updates", until: late.demandedUntil },
      ending: null,
    };
    assert.deepEqual(await shown(), [open]);
    bench.ledger.time = late.expiresAt + 1_000;
    const good = challenge("good", { missing: null, demandedUntil: null });
    await lookTwice();
    const [unanswered, lost] = await shown();
    assert.match(unanswered?.ending?.transaction ?? "", /^[1-9A-HJ-NP-Za-km-z]{64,88}$/);
    assert.deepEqual(unanswered, {
      ...open,
      state: "ended",
      ending: {
        verdict: "upheld",
        fault: { name: "demand-unanswered", text: "the aggregator did not show what was demanded" },
        transaction: unanswered?.ending?.transaction,
      },
    });
    assert.equal(lost?.address, toBase58(good.address));
    assert.deepEqual(
      [lost?.demanded, lost?.ending?.verdict, lost?.ending?.fault],
      [null, "rejected", null],
    );
  });

  test("an end that the chain does not show is no verdict, and one that goes on after all has none", async () => {
    const dispute = challenge("hidden", { demandedUntil: null });
    await look();
    const { ledger } = bench;
    context = {
      ...context,
      ledger: Object.assign(Object.create(ledger), { disputes: async () => [] }),
    };
    await look();
    assert.deepEqual(
      (await shown()).map(({ state, ending }) => [state, ending]),
      [["ended", null]],
    );
    ledger.end(dispute, { verdict: "moot", fault: null, transaction: "signature-of-another" });
    context = { ...context, ledger };
    await look();
    assert.deepEqual(
      (await shown()).map(({ state, ending }) => [state, ending]),
      [["open", null]],
    );
  });

  test("one that came and went between two looks is told when its round is final, and no other twice", async () => {
    const seen = challenge("seen", { missing: null, demandedUntil: null });
    await lookTwice();
    const missed = disputeWith("missed", { kind: "total", index: 0, openedAt: bench.ledger.time });
    bench.ledger.end(missed, {
      verdict: "rejected",
      fault: null,
      transaction: "signature-of-its-end",
    });
    bench.ledger.time += WINDOW_SECONDS * 1_000;
    const { ledger } = bench;
    const silent = async () => {
      throw new PlenaryError("chain-unavailable", "The node keeps no history.");
    };
    context = {
      ...context,
      ledger: Object.assign(Object.create(ledger), { endedDisputes: silent }),
    };
    await finalizeRounds(context, federation.address);
    assert.equal((await round()).state, "final");
    assert.equal((await shown()).length, 1);
    context = { ...context, ledger };
    await noteMissedDisputes(context, await round());
    await noteMissedDisputes(context, await round());
    assert.deepEqual(
      (await shown()).map(({ address, kind, state, ending }) => [
        address,
        kind,
        state,
        ending?.verdict,
      ]),
      [
        [toBase58(seen.address), "chunk", "ended", "rejected"],
        [toBase58(missed.address), "total", "ended", "rejected"],
      ],
    );
    assert.equal((await events()).length, 4);
  });

  test("the same thing disputed again by the same challenger is a dispute of its own", async () => {
    challenge("again", { missing: null, demandedUntil: null });
    await lookTwice();
    bench.ledger.time += 5_000;
    challenge("again", { nextLeaf: 1 });
    await look();
    assert.deepEqual(await events(), [
      "dispute-opened",
      "dispute-resolved",
      "dispute-opened",
      "dispute-answered",
    ]);
    assert.ok(
      (await context.store.hints.disputed()).map(toHex).includes(toHex(federation.address)),
    );
  });
});
