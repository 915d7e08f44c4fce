import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { PlenaryError, toBase58, toHex } from "@plenary/protocol";
import { DisputedRound, WINDOW_SECONDS } from "../../testing/bench/disputed-round.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { finalizeRounds } from "../lifecycle/finalize.ts";
import { noteMissedDisputes } from "./missed.ts";

describe("what is told of disputes", () => {
  let bench: Workbench;
  let disputed: DisputedRound;

  before(async () => {
    bench = await openWorkbench();
  });
  after(() => bench.close());
  beforeEach(async () => {
    disputed = await DisputedRound.found(bench);
  });

  test("a reader of the round sees each dispute: the stake, the demand and its deadline, and the ending", async () => {
    assert.deepEqual(await disputed.shown(), []);
    bench.ledger.accepts = (kind) => {
      if (kind === "answer") throw new PlenaryError("chain-unavailable", "The node is gone.");
      return true;
    };
    const late = disputed.challenge("late", { index: 2, nextLeaf: 1 });
    await assert.rejects(disputed.look(), { code: "chain-unavailable" });
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
    assert.deepEqual(await disputed.shown(), [open]);
    bench.ledger.time = late.expiresAt + 1_000;
    const good = disputed.challenge("good", { missing: null, demandedUntil: null });
    await disputed.lookTwice();
    const [unanswered, lost] = await disputed.shown();
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

  test("a dispute whose ending the chain does not show has no verdict, and may turn out to be open", async () => {
    const dispute = disputed.challenge("hidden", { demandedUntil: null });
    await disputed.look();
    const { ledger } = bench;
    disputed.replaceLedger({ disputes: async () => [] });
    await disputed.look();
    assert.deepEqual(
      (await disputed.shown()).map(({ state, ending }) => [state, ending]),
      [["ended", null]],
    );
    ledger.end(dispute, { verdict: "moot", fault: null, transaction: "signature-of-another" });
    disputed.replaceLedger();
    await disputed.look();
    assert.deepEqual(
      (await disputed.shown()).map(({ state, ending }) => [state, ending]),
      [["open", null]],
    );
  });

  test("a dispute that was opened and ended between two looks is told when its round is final, and none is told twice", async () => {
    const seen = disputed.challenge("seen", { missing: null, demandedUntil: null });
    await disputed.lookTwice();
    const missed = disputed.disputeWith("missed", {
      kind: "total",
      index: 0,
      openedAt: bench.ledger.time,
    });
    bench.ledger.end(missed, {
      verdict: "rejected",
      fault: null,
      transaction: "signature-of-its-end",
    });
    bench.ledger.time += WINDOW_SECONDS * 1_000;
    const silent = async () => {
      throw new PlenaryError("chain-unavailable", "The node keeps no history.");
    };
    disputed.replaceLedger({ endedDisputes: silent });
    await finalizeRounds(disputed.context, disputed.played.address);
    assert.equal((await disputed.played.round()).state, "final");
    assert.equal((await disputed.shown()).length, 1);
    disputed.replaceLedger();
    await noteMissedDisputes(disputed.context, await disputed.played.round());
    await noteMissedDisputes(disputed.context, await disputed.played.round());
    assert.deepEqual(
      (await disputed.shown()).map(({ address, kind, state, ending }) => [
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
    assert.equal((await disputed.told()).length, 4);
  });

  test("the same challenger disputing the same thing again opens a second dispute", async () => {
    disputed.challenge("again", { missing: null, demandedUntil: null });
    await disputed.lookTwice();
    bench.ledger.time += 5_000;
    disputed.challenge("again", { nextLeaf: 1 });
    await disputed.look();
    assert.deepEqual(await disputed.told(), [
      "dispute-opened",
      "dispute-resolved",
      "dispute-opened",
      "dispute-answered",
    ]);
    assert.ok(
      (await disputed.context.store.hints.disputed())
        .map(toHex)
        .includes(toHex(disputed.played.address)),
    );
  });
});
