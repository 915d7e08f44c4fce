import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  decodeEnvelope,
  encodeEnvelope,
  type MemberView,
  PlenaryError,
  signMessage,
  toBase58,
  toHex,
} from "@plenary/protocol";
import { PlayedFederation } from "../../testing/bench/played-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { viewMember } from "../views/view-federation.ts";

describe("rounds that the chain has dropped", () => {
  let bench: Workbench;
  let played: PlayedFederation;

  before(async () => {
    bench = await openWorkbench();
  });
  after(() => bench.close());
  beforeEach(async () => {
    bench.ledger.challengeWindow = 3_600;
    played = await PlayedFederation.found(bench, "void");
  });

  const roundsOf = async (type: string) => (await played.events(type)).map(({ round }) => round);

  test("a committed round, the rounds that build on it and the open round are void, and the next opens on the base before them", async () => {
    await played.commit(1n, 2n, 3n);
    await played.upload(4n, [0]);
    const [first, second] = [await played.round(1n), await played.round(2n)];
    bench.ledger.overturn(played.address, 2n);
    await played.work();
    assert.match((await played.round(2n)).voidReason ?? "", /challenge was upheld/);
    for (const number of [3n, 4n])
      assert.match(
        (await played.round(number)).voidReason ?? "",
        /builds on round 2, which is void/,
      );
    for (const number of [2n, 3n, 4n]) {
      assert.equal((await played.round(number)).state, "void");
      assert.equal(await played.statusOnChain(number), "void");
    }
    assert.deepEqual(await roundsOf("round-void"), [2n, 3n, 4n]);
    const next = await played.round(5n);
    assert.equal(next.state, "collecting");
    assert.equal(next.base.round, 1n);
    assert.deepEqual(next.base.root, first.computed?.commitment.nextRoot);
    assert.deepEqual(next.base.stateRoot, first.computed?.commitment.nextStateRoot);
    assert.deepEqual(next.base.manifest, first.computed?.commitment.manifestHash);
    await played.commit(5n);
    assert.deepEqual(
      (await played.round(5n)).computed?.commitment.nextRoot,
      second.computed?.commitment.nextRoot,
    );
    assert.deepEqual(
      (await played.round(5n)).computed?.commitment.nextStateRoot,
      second.computed?.commitment.nextStateRoot,
    );
    assert.equal((await played.row()).committed_rounds, 2n);
    const earned = async (number: bigint) =>
      (await bench.context.store.rewards.ofRound({ federation: played.address, number })).map(
        ({ cumulative }) => cumulative,
      );
    assert.deepEqual(await earned(5n), await earned(2n));
    const member = played.federation.members[0]?.address ?? new Uint8Array();
    const records = await bench.context.store.members.records(played.address, member);
    assert.equal(records.get(toHex(member))?.counted, 2);
  });

  test("members are shown as they stood before what was dropped", async () => {
    const { store } = bench.context;
    const shown = async () => {
      const rows = await store.members.ofFederation(played.address);
      return Promise.all(rows.map((member) => viewMember(bench.context, member)));
    };
    const [refused] = played.federation.members;
    assert.ok(refused);
    const countsOf = (views: readonly MemberView[]) => {
      const view = views.find(({ address }) => address === toBase58(refused.address));
      return [view?.counted, view?.refused];
    };
    await played.commit(1n);
    const before = await shown();
    assert.deepEqual(countsOf(before), [1, 0]);
    assert.ok(before.every(({ earned }) => BigInt(earned) > 0n));
    const update = await played.federation.update(2n, 0);
    const message = encodeEnvelope({
      ...decodeEnvelope(update.message),
      deltaRoot: new Uint8Array(32),
    });
    const signature = signMessage(message, refused.updateKey.secretKey);
    await played.federation.upload(2n, { ...update, message, signature });
    await played.upload(2n, [1, 2]);
    await played.work();
    assert.equal((await played.round(2n)).state, "committed");
    const wrong = await shown();
    assert.deepEqual(countsOf(wrong), [1, 1]);
    assert.ok(total(wrong) > total(before));
    bench.ledger.overturn(played.address, 2n);
    await played.work();
    assert.deepEqual(await shown(), before);
  });

  test("an upload for a dropped round gets no receipt, and a receipt that was given stands", async () => {
    await played.commit(1n);
    const update = await played.federation.update(2n, 0);
    const receipt = await played.federation.upload(2n, update);
    const late = await played.federation.update(2n, 1);
    bench.ledger.overturn(played.address, 1n);
    await played.work();
    assert.deepEqual(await played.federation.upload(2n, update), receipt);
    await assert.rejects(played.federation.upload(2n, late), { code: "round-closed" });
  });

  test("a planned round that is not on chain yet moves to the new base and keeps its number", async () => {
    bench.ledger.accepts = (kind) => {
      if (kind === "open") throw new PlenaryError("chain-unavailable", "nobody answers");
      return true;
    };
    await played.upload(1n);
    await assert.rejects(played.work(), { code: "chain-unavailable" });
    assert.equal((await played.round(2n)).state, "opening");
    bench.ledger.overturn(played.address, 1n);
    bench.ledger.accepts = () => true;
    await played.work();
    const moved = await played.round(2n);
    assert.equal(moved.state, "collecting");
    assert.equal(moved.base.round, 0n);
    assert.deepEqual(moved.base.root, (await played.round(1n)).base.root);
    assert.deepEqual(await roundsOf("round-void"), [1n]);
  });

  test("a federation that was complete runs again until its rounds stand", async () => {
    played = await PlayedFederation.found(bench, "complete", (defaults) => ({
      ...defaults,
      rounds: { ...defaults.rounds, total: 1 },
    }));
    await played.commit(1n);
    assert.equal((await played.row()).status, "complete");
    bench.ledger.overturn(played.address, 1n);
    assert.ok(
      (await bench.context.store.hints.disputable()).map(toHex).includes(toHex(played.address)),
    );
    await played.work();
    assert.equal((await played.row()).status, "running");
    await played.commit(2n);
    assert.equal((await played.row()).status, "complete");
  });

  test("a node that lags or does not answer drops nothing", async () => {
    const behind = await bench.ledger.federation(played.address);
    await played.commit(1n);
    const { ledger } = bench;
    const read = ledger.federation;
    ledger.federation = async () => behind;
    await played.advance();
    ledger.federation = () =>
      Promise.reject(new PlenaryError("chain-unavailable", "the node does not answer"));
    await played.advance();
    ledger.federation = read;
    await played.advance();
    assert.equal((await played.round(1n)).state, "committed");
    assert.equal((await played.round(2n)).state, "collecting");
    assert.deepEqual(await roundsOf("round-void"), []);
  });

  test("an open round that somebody else voided because it was late is void here, too", async () => {
    await played.upload(1n, [0]);
    bench.ledger.time += 3_600_000;
    await bench.ledger.voidRound(played.address, 1n, async () => {});
    await played.work();
    assert.equal((await played.round(1n)).state, "void");
    assert.equal((await played.round(2n)).base.round, 0n);
    assert.equal((await played.round(2n)).state, "collecting");
  });
});

/** What all members have earned together, in base units. */
function total(views: readonly MemberView[]): bigint {
  return views.reduce((sum, { earned }) => sum + BigInt(earned), 0n);
}
