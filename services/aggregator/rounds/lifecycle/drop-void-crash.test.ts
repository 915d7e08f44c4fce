import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { sha256, toHex } from "@plenary/protocol";
import type { LedgerDispute } from "../../chain/ledger.ts";
import { PlayedFederation } from "../../testing/bench/played-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";

describe("workers that are killed while the chain drops rounds", () => {
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

  for (const [state, kind] of [
    ["opening", "open"],
    ["committing", "commit"],
  ] as const)
    test(`a round that the chain has, and that the database calls ${state}, is void with its base`, async () => {
      await played.commit(1n);
      await played.upload(2n);
      // The transaction lands, and the process dies before it can write that down.
      const round = state === "opening" ? 3n : 2n;
      const { ledger } = bench;
      const read = ledger.round;
      ledger.round = async (address, number) => {
        if (ledger.effects.includes(`${kind} ${round}`)) throw new Error("killed");
        return read(address, number);
      };
      await assert.rejects(played.work(), /killed/);
      ledger.round = read;
      bench.asked.length = 0;
      assert.equal((await played.round(round)).state, state);
      ledger.overturn(played.address, 1n);
      await played.work();
      assert.equal((await played.round(round)).state, "void");
      assert.equal(await played.statusOnChain(round), "void");
      assert.equal((await played.row()).committed_rounds, 0n);
      const newest = await bench.context.store.rounds.newest(played.address);
      assert.equal(newest?.state, "collecting");
      assert.equal(newest?.base.round, 0n);
    });

  test("a challenge that was upheld before the database knew about the commit is told, too", async () => {
    await played.upload(1n);
    const { ledger } = bench;
    const read = ledger.round;
    ledger.round = async (address, number) => {
      if (ledger.effects.includes("commit 1")) throw new Error("killed");
      return read(address, number);
    };
    await assert.rejects(played.work(), /killed/);
    ledger.round = read;
    bench.asked.length = 0;
    const round = await played.round(1n);
    assert.equal(round.state, "committing");
    ledger.end(upheld(round.address, ledger.time), {
      verdict: "upheld",
      fault: "wrong-chunk",
      transaction: "signature-of-its-end",
    });
    ledger.overturn(played.address, 1n);
    await played.work();
    assert.equal((await played.round(1n)).state, "void");
    const disputes = await bench.context.store.disputes.ofRounds(round.federation, [1n]);
    assert.deepEqual(
      disputes.map(({ verdict, ended_in }) => [verdict, ended_in]),
      [["upheld", "signature-of-its-end"]],
    );
    assert.deepEqual(await roundsOf("dispute-resolved"), [1n]);
  });

  test("a worker that dies while it voids rounds is followed by one that voids the rest", async () => {
    await played.commit(1n, 2n, 3n);
    bench.ledger.overturn(played.address, 1n);
    let sent = 0;
    bench.ledger.accepts = (kind) => {
      if (kind === "void" && ++sent === 2) throw new Error("killed");
      return true;
    };
    await assert.rejects(played.work(), /killed/);
    assert.equal((await played.round(3n)).state, "void");
    assert.equal(await played.statusOnChain(3n), "committed");
    const { federations, hints } = bench.context.store;
    await federations.setStatus(played.address, "paused");
    assert.ok((await hints.toAdvance(0n)).map(toHex).includes(toHex(played.address)));
    await played.work();
    assert.ok(!(await hints.toAdvance(0n)).map(toHex).includes(toHex(played.address)));
    await federations.setStatus(played.address, "running");
    await played.work();
    for (const number of [2n, 3n, 4n]) assert.equal(await played.statusOnChain(number), "void");
    assert.deepEqual(bench.ledger.effects.filter((effect) => effect.startsWith("void")).sort(), [
      "void 2",
      "void 3",
      "void 4",
    ]);
    assert.equal((await played.round(5n)).base.round, 0n);
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
