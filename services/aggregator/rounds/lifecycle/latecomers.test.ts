import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { toBase58 } from "@plenary/protocol";
import { type BenchFederation, foundOn } from "../../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { extendFederation } from "../federations/extend.ts";
import { viewFederation, viewMember } from "../views/view-federation.ts";

const COLLECT_SECONDS = 60;
let bench: Workbench;

before(async () => {
  bench = await openWorkbench();
});
after(() => bench.close());

/** Three members, two of which are a quorum; rounds collect for a minute while one is missing. */
async function found(name: string, total = 0) {
  const federation = await foundOn(bench, name, (defaults) => ({
    ...defaults,
    rounds: { ...defaults.rounds, quorum: 2, collectSeconds: COLLECT_SECONDS, total },
  }));
  const worker = bench.worker();
  const work = async () => {
    await bench.run(worker, {
      name: "advanceFederation",
      data: { federation: toBase58(federation.address) },
    });
    for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
      await bench.run(worker, job);
  };
  await work();
  return { federation, work };
}

async function upload(federation: BenchFederation, round: bigint, places: readonly number[]) {
  for (const place of places) await federation.upload(round, await federation.update(round, place));
}

const stateOf = async ({ address }: BenchFederation, number: bigint) =>
  (await bench.context.store.rounds.find({ federation: address, number }))?.state;

test("a quorum that is there at once waits for a latecomer, but not for long", async () => {
  const { federation, work } = await found("latecomer");
  await upload(federation, 1n, [0, 1]);
  await work();
  assert.equal(await stateOf(federation, 1n), "collecting");
  await upload(federation, 1n, [2]);
  await work();
  assert.notEqual(await stateOf(federation, 1n), "collecting");
  await upload(federation, 2n, [0, 1]);
  await work();
  bench.ledger.time += 1_000 * COLLECT_SECONDS - 1;
  await work();
  assert.equal(await stateOf(federation, 2n), "collecting");
  bench.ledger.time += 1;
  await work();
  assert.equal(await stateOf(federation, 2n), "committed");
});

test("rounds that a member missed are counted apart from its updates", async () => {
  const { federation, work } = await found("missed");
  await upload(federation, 1n, [0, 1]);
  await work();
  bench.ledger.time += 1_000 * COLLECT_SECONDS;
  await work();
  const views = await Promise.all(
    federation.members.map(async ({ address }) => {
      const row = await bench.context.store.members.find(federation.address, address);
      assert.ok(row);
      const { counted, refused, missed } = await viewMember(bench.context, row);
      return { counted, refused, missed };
    }),
  );
  assert.deepEqual(views, [
    { counted: 1, refused: 0, missed: 0 },
    { counted: 1, refused: 0, missed: 0 },
    { counted: 0, refused: 0, missed: 1 },
  ]);
});

test("a complete federation continues when its authority extends it", async () => {
  const { federation, work } = await found("extended", 1);
  await upload(federation, 1n, [0, 1, 2]);
  await work();
  const { context, ledger } = bench;
  const address = toBase58(federation.address);
  const view = async () => {
    const row = await context.store.federations.find(federation.address);
    assert.ok(row);
    const { status, totalRounds } = await viewFederation(context, row);
    return { status, totalRounds };
  };
  assert.deepEqual(await view(), { status: "complete", totalRounds: 1 });
  const authority = (await ledger.federation(federation.address))?.authority ?? new Uint8Array();
  const extend = (by: Uint8Array, rounds: number) => extendFederation(context, by, address, rounds);
  await assert.rejects(extend(new Uint8Array(32), 2), { code: "not-authority" });
  await extend(authority, 2);
  await extend(authority, 2);
  await assert.rejects(extend(authority, 1), { code: "conflict", message: /cannot become fewer/ });
  await work();
  assert.deepEqual(await view(), { status: "running", totalRounds: 2 });
  assert.equal(await stateOf(federation, 2n), "collecting");
});

test("a federation without a last round is not extended", async () => {
  const { federation } = await found("endless");
  const onChain = await bench.ledger.federation(federation.address);
  const address = toBase58(federation.address);
  await assert.rejects(
    extendFederation(bench.context, onChain?.authority ?? new Uint8Array(), address, 5),
    { code: "conflict", message: /no last round/ },
  );
});
