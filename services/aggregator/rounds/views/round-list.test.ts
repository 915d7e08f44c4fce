import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { toBase58 } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import { foundOn } from "../../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { findFederation } from "../lookup.ts";
import { listRounds } from "./round-list.ts";
import { viewRound } from "./view-round.ts";

const ROUNDS = 70n;

describe("lists of rounds", () => {
  let bench: Workbench;
  let federation: FederationRow;

  before(async () => {
    bench = await openWorkbench();
    const { address } = await foundOn(bench, "lists");
    federation = await findFederation(bench.context, toBase58(address));
    for (let number = 1n; number <= ROUNDS; number++) await insertRound(number);
  });
  after(() => bench.close());

  async function insertRound(number: bigint): Promise<void> {
    const { store } = bench.context;
    const key = { federation: federation.address, number };
    const bytes = new Uint8Array(32).fill(Number(number));
    const base = { round: 0n, root: bytes, blob: bytes, stateRoot: bytes, stateBlob: bytes };
    await store.rounds.plan({
      questionnaire: null,
      ...key,
      address: bytes,
      base: { ...base, manifest: null },
      createdAt: Number(number),
    });
    await store.transactions.plan(key, "open", 1n);
    await store.transactions.sign(key, "open", `transaction of ${number}`);
    await store.rounds.makeVoid(key, "opening", `reason of ${number}`);
  }

  test("are the views of single rounds, newest first, from anywhere", async () => {
    const { store } = bench.context;
    for (const [start, limit] of [
      [undefined, 200],
      [undefined, 25],
      [52n, 50],
      [2n, 50],
      [1n, 50],
      [2n ** 64n - 1n, 3],
    ] as const) {
      const rows = await store.rounds.list(federation.address, start, limit);
      const single = rows.map((row) => viewRound(bench.context, federation, row));
      const list = await listRounds(bench.context, federation, start, limit);
      assert.deepEqual(list, await Promise.all(single));
    }
    const [newest] = await listRounds(bench.context, federation, undefined, 1);
    assert.equal(newest?.number, ROUNDS.toString());
    assert.equal(newest?.transactions.open, `transaction of ${ROUNDS}`);
  });

  test("are made one after the other, in slices, so that others get their turns", async () => {
    const order: string[] = [];
    const list = (name: string) =>
      listRounds(bench.context, federation, undefined, 200).then(() => order.push(name));
    const lists = [list("first"), list("second"), list("third")];
    const others = async () => {
      await bench.context.store.federations.find(federation.address);
      order.push("other");
    };
    await Promise.all([...lists, others()]);
    assert.deepEqual(order, ["other", "first", "second", "third"]);
  });

  test("one that fails does not hold up the next", async () => {
    const store = { ...bench.context.store };
    const failing = { ...bench.context, store: { ...store, rounds: { ...store.rounds } } };
    failing.store.rounds.list = () => Promise.reject(new Error("no database"));
    const failed = listRounds(failing, federation, undefined, 5);
    const next = listRounds(bench.context, federation, undefined, 5);
    await assert.rejects(failed, /no database/);
    assert.equal((await next).length, 5);
  });
});
