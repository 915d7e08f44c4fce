import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { fromBase58 } from "@plenary/protocol";
import { DEFAULT_TRAINING } from "@plenary/training";
import { AUDITS } from "../testing/bench/audited-round.ts";
import { type BenchFederation, foundOn } from "../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../testing/bench/workbench.ts";

const HOURS = 3_600_000n;
const NOW = 1_000n * HOURS;

describe("nonces whose requests are refused by their time", () => {
  let bench: Workbench;
  let federation: BenchFederation;

  before(async () => {
    bench = await openWorkbench();
    federation = await foundOn(bench, "nonces", (defaults) => ({
      ...defaults,
      training: DEFAULT_TRAINING.tilt,
      audits: AUDITS,
    }));
  });
  after(() => bench.close());

  /** Whether a nonce that expired `ago` is still known after what is old was forgotten. */
  async function isKept(key: Uint8Array, ago: bigint): Promise<boolean> {
    const { nonces } = bench.context.store;
    const nonce = randomUUID();
    assert.ok(await nonces.use(key, nonce, NOW - ago));
    await nonces.forget(NOW);
    return !(await nonces.use(key, nonce, NOW - ago));
  }

  test("of strangers are forgotten at once, and not before", async () => {
    const stranger = new Uint8Array(32).fill(7);
    assert.ok(!(await isKept(stranger, 1n)));
    assert.ok(await isKept(stranger, 0n));
  });

  test("of keys that a federation knows are kept for a day", async () => {
    const [member] = federation.members;
    const row = await bench.context.store.federations.find(federation.address);
    assert.ok(member && row);
    const known = [
      member.owner.publicKey.toBytes(),
      member.updateKey.publicKey.toBytes(),
      row.authority,
      row.aggregator,
      ...AUDITS.auditors.map(fromBase58),
    ];
    for (const key of known) {
      assert.ok(await isKept(key, 23n * HOURS));
      assert.ok(!(await isKept(key, 25n * HOURS)));
    }
  });
});
