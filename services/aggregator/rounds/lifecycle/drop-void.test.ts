import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  decodeEnvelope,
  encodeEnvelope,
  type MemberView,
  PlenaryError,
  sha256,
  signMessage,
  toBase58,
  toHex,
} from "@plenary/protocol";
import type { LedgerDispute } from "../../chain/ledger.ts";
import type { JobContext } from "../../jobs/job.ts";
import { type BenchFederation, foundOn } from "../../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { viewMember } from "../views/view-federation.ts";

describe("rounds that the chain has dropped", () => {
  let bench: Workbench;
  let worker: JobContext;
  let federation: BenchFederation;

  before(async () => {
    bench = await openWorkbench();
  });
  after(() => bench.close());
  beforeEach(async () => {
    bench.ledger.accepts = () => true;
    bench.ledger.challengeWindow = 3_600;
    bench.ledger.effects.length = 0;
    worker = bench.worker();
    federation = await foundOn(bench, "void");
    await work();
  });

  const advance = () =>
    bench.run(worker, {
      name: "advanceFederation",
      data: { federation: toBase58(federation.address) },
    });
  /** Takes every job that was asked for, and what follows from them. */
  const work = async () => {
    await advance();
    for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
      await bench.run(worker, job);
  };
  const upload = async (round: bigint, places = [0, 1, 2]) => {
    for (const place of places)
      await federation.upload(round, await federation.update(round, place));
  };
  const commit = async (...rounds: bigint[]) => {
    for (const round of rounds) {
      await upload(round);
      await work();
    }
  };
  const row = async (number: bigint) => {
    const found = await bench.context.store.rounds.find({ federation: federation.address, number });
    assert.ok(found, `round ${number} is there`);
    return found;
  };
  const tip = async () => {
    const found = await bench.context.store.federations.find(federation.address);
    assert.ok(found);
    return found;
  };
  const statusOnChain = async (number: bigint) =>
    (await bench.ledger.round(federation.address, number))?.status;
  const events = async (type: string) =>
    (await bench.context.store.events.after(federation.address, 0n, 1_000))
      .filter((event) => event.type === type)
      .map(({ round }) => round);

  test("a committed round, what builds on it and the open one are void; the next opens on what stood before", async () => {
    await commit(1n, 2n, 3n);
    await upload(4n, [0]);
    const [first, second] = [await row(1n), await row(2n)];
    bench.ledger.overturn(federation.address, 2n);
    await work();
    assert.match((await row(2n)).voidReason ?? "", /challenge was upheld/);
    for (const number of [3n, 4n])
      assert.match((await row(number)).voidReason ?? "", /builds on round 2, which is void/);
    for (const number of [2n, 3n, 4n]) {
      assert.equal((await row(number)).state, "void");
      assert.equal(await statusOnChain(number), "void");
    }
    assert.deepEqual(await events("round-void"), [2n, 3n, 4n]);
    const anew = await row(5n);
    assert.equal(anew.state, "collecting");
    assert.equal(anew.base.round, 1n);
    assert.deepEqual(anew.base.root, first.computed?.commitment.nextRoot);
    assert.deepEqual(anew.base.stateRoot, first.computed?.commitment.nextStateRoot);
    assert.deepEqual(anew.base.manifest, first.computed?.commitment.manifestHash);
    await commit(5n);
    assert.deepEqual(
      (await row(5n)).computed?.commitment.nextRoot,
      second.computed?.commitment.nextRoot,
    );
    assert.deepEqual(
      (await row(5n)).computed?.commitment.nextStateRoot,
      second.computed?.commitment.nextStateRoot,
    );
    assert.equal((await tip()).committed_rounds, 2n);
    const earned = async (number: bigint) =>
      (await bench.context.store.rewards.ofRound({ federation: federation.address, number })).map(
        ({ cumulative }) => cumulative,
      );
    assert.deepEqual(await earned(5n), await earned(2n));
    const member = federation.members[0]?.address ?? new Uint8Array();
    const records = await bench.context.store.members.records(federation.address, member);
    assert.equal(records.get(toHex(member))?.counted, 2);
  });

  test("members are shown as they stood before what was dropped", async () => {
    const { store } = bench.context;
    const shown = async () => {
      const rows = await store.members.ofFederation(federation.address);
      return Promise.all(rows.map((member) => viewMember(bench.context, member)));
    };
    const [refused] = federation.members;
    assert.ok(refused);
    const countsOf = (views: readonly MemberView[]) => {
      const view = views.find(({ address }) => address === toBase58(refused.address));
      return [view?.counted, view?.refused];
    };
    await commit(1n);
    const before = await shown();
    assert.deepEqual(countsOf(before), [1, 0]);
    assert.ok(before.every(({ earned }) => BigInt(earned) > 0n));
    const update = await federation.update(2n, 0);
    const message = encodeEnvelope({
      ...decodeEnvelope(update.message),
      deltaRoot: new Uint8Array(32),
    });
    const signature = signMessage(message, refused.updateKey.secretKey);
    await federation.upload(2n, { ...update, message, signature });
    await upload(2n, [1, 2]);
    await work();
    assert.equal((await row(2n)).state, "committed");
    const wrong = await shown();
    assert.deepEqual(countsOf(wrong), [1, 1]);
    assert.ok(total(wrong) > total(before));
    bench.ledger.overturn(federation.address, 2n);
    await work();
    assert.deepEqual(await shown(), before);
  });

  test("an upload for a round that was dropped gets no receipt, and the receipt that it had stands", async () => {
    await commit(1n);
    const update = await federation.update(2n, 0);
    const receipt = await federation.upload(2n, update);
    const late = await federation.update(2n, 1);
    bench.ledger.overturn(federation.address, 1n);
    await work();
    assert.deepEqual(await federation.upload(2n, update), receipt);
    await assert.rejects(federation.upload(2n, late), { code: "round-closed" });
  });

  test("a round that was written down and is not on chain yet moves to the new base under its number", async () => {
    bench.ledger.accepts = (kind) => {
      if (kind === "open") throw new PlenaryError("chain-unavailable", "nobody answers");
      return true;
    };
    await upload(1n);
    await assert.rejects(work(), { code: "chain-unavailable" });
    assert.equal((await row(2n)).state, "opening");
    bench.ledger.overturn(federation.address, 1n);
    bench.ledger.accepts = () => true;
    await work();
    const moved = await row(2n);
    assert.equal(moved.state, "collecting");
    assert.equal(moved.base.round, 0n);
    assert.deepEqual(moved.base.root, (await row(1n)).base.root);
    assert.deepEqual(await events("round-void"), [1n]);
  });

  for (const [state, kind] of [
    ["opening", "open"],
    ["committing", "commit"],
  ] as const)
    test(`a round that the chain has and the database calls ${state} is void with its base`, async () => {
      await commit(1n);
      await upload(2n);
      // The transaction lands, and the process dies before it can write that down.
      const round = state === "opening" ? 3n : 2n;
      const { ledger } = bench;
      const read = ledger.round;
      ledger.round = async (address, number) => {
        if (ledger.effects.includes(`${kind} ${round}`)) throw new Error("killed");
        return read(address, number);
      };
      await assert.rejects(work(), /killed/);
      ledger.round = read;
      bench.asked.length = 0;
      assert.equal((await row(round)).state, state);
      ledger.overturn(federation.address, 1n);
      await work();
      assert.equal((await row(round)).state, "void");
      assert.equal(await statusOnChain(round), "void");
      assert.equal((await tip()).committed_rounds, 0n);
      const newest = await bench.context.store.rounds.newest(federation.address);
      assert.equal(newest?.state, "collecting");
      assert.equal(newest?.base.round, 0n);
    });

  test("a challenge that was upheld before the database knew of the commit is told, too", async () => {
    await upload(1n);
    const { ledger } = bench;
    const read = ledger.round;
    ledger.round = async (address, number) => {
      if (ledger.effects.includes("commit 1")) throw new Error("killed");
      return read(address, number);
    };
    await assert.rejects(work(), /killed/);
    ledger.round = read;
    bench.asked.length = 0;
    const round = await row(1n);
    assert.equal(round.state, "committing");
    ledger.end(upheld(round.address, ledger.time), {
      verdict: "upheld",
      fault: "wrong-chunk",
      transaction: "signature-of-its-end",
    });
    ledger.overturn(federation.address, 1n);
    await work();
    assert.equal((await row(1n)).state, "void");
    const disputes = await bench.context.store.disputes.ofRounds(round.federation, [1n]);
    assert.deepEqual(
      disputes.map(({ verdict, ended_in }) => [verdict, ended_in]),
      [["upheld", "signature-of-its-end"]],
    );
    assert.deepEqual(await events("dispute-resolved"), [1n]);
  });

  test("killed while it voids what builds on a void round, it goes on there", async () => {
    await commit(1n, 2n, 3n);
    bench.ledger.overturn(federation.address, 1n);
    let sent = 0;
    bench.ledger.accepts = (kind) => {
      if (kind === "void" && ++sent === 2) throw new Error("killed");
      return true;
    };
    await assert.rejects(work(), /killed/);
    assert.equal((await row(3n)).state, "void");
    assert.equal(await statusOnChain(3n), "committed");
    const { federations, hints } = bench.context.store;
    await federations.setStatus(federation.address, "paused");
    assert.ok((await hints.toAdvance(0n)).map(toHex).includes(toHex(federation.address)));
    await work();
    assert.ok(!(await hints.toAdvance(0n)).map(toHex).includes(toHex(federation.address)));
    await federations.setStatus(federation.address, "running");
    await work();
    for (const number of [2n, 3n, 4n]) assert.equal(await statusOnChain(number), "void");
    assert.deepEqual(bench.ledger.effects.filter((effect) => effect.startsWith("void")).sort(), [
      "void 2",
      "void 3",
      "void 4",
    ]);
    assert.equal((await row(5n)).base.round, 0n);
  });

  test("a federation that was complete goes on until its rounds stand", async () => {
    federation = await foundOn(bench, "complete", (defaults) => ({
      ...defaults,
      rounds: { ...defaults.rounds, total: 1 },
    }));
    await work();
    await commit(1n);
    assert.equal((await tip()).status, "complete");
    bench.ledger.overturn(federation.address, 1n);
    assert.ok(
      (await bench.context.store.hints.disputable()).map(toHex).includes(toHex(federation.address)),
    );
    await work();
    assert.equal((await tip()).status, "running");
    await commit(2n);
    assert.equal((await tip()).status, "complete");
  });

  test("a node that lags or does not answer drops nothing", async () => {
    const behind = await bench.ledger.federation(federation.address);
    await commit(1n);
    const { ledger } = bench;
    const read = ledger.federation;
    ledger.federation = async () => behind;
    await advance();
    ledger.federation = () =>
      Promise.reject(new PlenaryError("chain-unavailable", "the node does not answer"));
    await advance();
    ledger.federation = read;
    await advance();
    assert.equal((await row(1n)).state, "committed");
    assert.equal((await row(2n)).state, "collecting");
    assert.deepEqual(await events("round-void"), []);
  });

  test("an open round that somebody else voided when it was late is void here too", async () => {
    await upload(1n, [0]);
    bench.ledger.time += 3_600_000;
    await bench.ledger.voidRound(federation.address, 1n, async () => {});
    await work();
    assert.equal((await row(1n)).state, "void");
    assert.equal((await row(2n)).base.round, 0n);
    assert.equal((await row(2n)).state, "collecting");
  });
});

function upheld(round: Uint8Array, openedAt: number): LedgerDispute {
  return {
    address: sha256(round),
    round,
    challenger: new Uint8Array(32).fill(7),
    kind: "chunk",
    index: 0,
    nextLeaf: 0,
    missing: null,
    targetHash: new Uint8Array(32),
    provenRight: "challenger",
    demandedUntil: null,
    deposit: 6n,
    openedAt,
    expiresAt: openedAt + 600_000,
  };
}

/** What members have earned in all, in base units. */
function total(views: readonly MemberView[]): bigint {
  return views.reduce((sum, { earned }) => sum + BigInt(earned), 0n);
}
