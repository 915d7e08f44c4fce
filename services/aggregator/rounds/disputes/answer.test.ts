import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { PlenaryError, toHex } from "@plenary/protocol";
import { DisputedRound, WINDOW_SECONDS } from "../../testing/bench/disputed-round.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { finalizeRounds } from "../lifecycle/finalize.ts";

describe("disputes of committed rounds", () => {
  let bench: Workbench;
  let disputed: DisputedRound;

  before(async () => {
    bench = await openWorkbench();
  });
  after(() => bench.close());
  beforeEach(async () => {
    disputed = await DisputedRound.found(bench);
  });

  test("every demand is met, however many there are, and a second look finds nothing to do", async () => {
    for (let place = 0; place < 20; place++)
      disputed.challenge(`dispute ${place}`, { nextLeaf: place % 3 });
    disputed.challenge("quiet", { demandedUntil: null });
    await disputed.look();
    assert.equal(bench.ledger.answers.length, 20);
    await disputed.look();
    assert.equal(bench.ledger.answers.length, 20);
    const told = await disputed.told();
    assert.equal(told.filter((type) => type === "dispute-opened").length, 21);
    assert.equal(told.filter((type) => type === "dispute-answered").length, 20);
  });

  test("disputes that are won are ended, and the round waits for all of them to become final", async () => {
    bench.ledger.time += WINDOW_SECONDS * 1_000;
    const open = disputed.challenge("open", {
      demandedUntil: null,
      expiresAt: bench.ledger.time + 60_000,
    });
    disputed.challenge("won", { missing: null, demandedUntil: null });
    disputed.challenge("shown", {
      kind: "envelope",
      missing: null,
      demandedUntil: null,
      provenRight: "aggregator",
    });
    await disputed.look();
    assert.equal((await bench.ledger.disputes(disputed.played.address)).length, 3);
    bench.ledger.time += 10_000;
    await disputed.look();
    assert.deepEqual(
      (await bench.ledger.disputes(disputed.played.address)).map(({ address }) => toHex(address)),
      [toHex(open.address)],
    );
    await finalizeRounds(disputed.context, disputed.played.address);
    assert.equal((await disputed.played.round()).state, "committed");
    bench.ledger.time += 60_000;
    await disputed.lookTwice();
    await finalizeRounds(disputed.context, disputed.played.address);
    assert.equal((await disputed.played.round()).state, "final");
    assert.equal((await disputed.told()).filter((type) => type === "dispute-resolved").length, 3);
  });

  test("a demand that cannot be met names the blob and the time, once, and holds up no other", async () => {
    const { blobs } = bench.context;
    const lost = toHex((await disputed.played.round()).computed?.nextBlob ?? new Uint8Array());
    const read: typeof blobs.read = async (hash) => {
      if (toHex(hash) === lost) throw new PlenaryError("not-found", "There is no such blob.");
      return blobs.read(hash);
    };
    const whole = disputed.context;
    disputed.context = { ...whole, blobs: { ...blobs, read } };
    const dispute = disputed.challenge("lost", { missing: "next", nextLeaf: 3 });
    disputed.challenge("other", { missing: "base", nextLeaf: 3 });
    await disputed.look();
    await disputed.look();
    assert.equal(bench.ledger.answers.length, 1);
    assert.equal(disputed.errors.length, 1);
    assert.match(
      disputed.errors[0]?.message ?? "",
      new RegExp(`the next model is lost: put the blob ${lost} back`),
    );
    const until = new Date(dispute.demandedUntil ?? 0).toISOString();
    assert.deepEqual({ ...disputed.errors[0]?.fields, until }, disputed.errors[0]?.fields);
    assert.equal((await disputed.rowOf(dispute)).failures, 1);
    disputed.context = whole;
    await disputed.look();
    assert.equal(bench.ledger.answers.length, 2);
    assert.equal((await disputed.rowOf(dispute)).answers, 1);
  });

  test("a process that dies between the answer and its record answers once and tells once", async () => {
    const dispute = disputed.challenge("cut off", {});
    const { ledger } = bench;
    disputed.replaceLedger({
      answerDispute: async (...parameters) => {
        await ledger.answerDispute(...parameters);
        throw new PlenaryError("chain-unavailable", "The connection broke.");
      },
    });
    await assert.rejects(disputed.look(), { code: "chain-unavailable" });
    disputed.replaceLedger();
    assert.equal((await disputed.rowOf(dispute)).answers, 0);
    await disputed.look();
    await disputed.look();
    assert.equal(ledger.answers.length, 1);
    assert.deepEqual(await disputed.told(), ["dispute-opened", "dispute-answered"]);
  });

  test("a dispute that a node has hidden for a while is answered like any other", async () => {
    const dispute = disputed.challenge("hidden", { demandedUntil: null });
    await disputed.look();
    disputed.replaceLedger({ disputes: async () => [] });
    await disputed.look();
    assert.equal((await disputed.rowOf(dispute)).state, "ended");
    disputed.replaceLedger();
    disputed.challenge("hidden", {});
    await disputed.look();
    assert.equal((await disputed.rowOf(dispute)).state, "open");
    assert.equal((await disputed.rowOf(dispute)).answers, 1);
  });

  test("a demand that somebody else met in the meantime is not a failure", async () => {
    const dispute = disputed.challenge("raced", {});
    const { ledger } = bench;
    ledger.accepts = (kind) => {
      if (kind !== "answer") return true;
      ledger.dispute(disputed.played.address, { ...dispute, nextLeaf: 1, demandedUntil: null });
      throw new PlenaryError("transaction-failed", "nothing is demanded");
    };
    await disputed.look();
    ledger.accepts = () => true;
    await disputed.look();
    assert.deepEqual(disputed.errors, []);
    assert.deepEqual(await disputed.told(), ["dispute-opened", "dispute-answered"]);
  });

  test("a late answer is not sent, and a dispute that the challenger has won is left to it until its time is over", async () => {
    const dispute = disputed.challenge("late", { demandedUntil: bench.ledger.time - 1_000 });
    await disputed.look();
    await disputed.look();
    assert.equal(bench.ledger.answers.length, 0);
    assert.deepEqual(
      disputed.errors.map(({ message }) => message),
      ["cannot answer a demand, for which the bond pays after its deadline: Its deadline is over."],
    );
    assert.equal((await disputed.rowOf(dispute)).state, "open");
    bench.ledger.time = dispute.expiresAt + 1_000;
    await disputed.lookTwice();
    assert.equal((await disputed.rowOf(dispute)).state, "ended");
  });
});
