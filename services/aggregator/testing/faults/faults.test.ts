import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import type { Context } from "../../rounds/context.ts";
import { folderBlobStore, nodeFiles } from "../../store/blobs/index.ts";
import type { Schema } from "../../store/schema.ts";
import { type Fault, type FaultPlan, formatFaultPlan, parseFaultPlan } from "./fault-plan.ts";
import {
  BLOB_CALLS,
  CHAIN_CALLS,
  DATABASE_CALLS,
  FAULT_POINTS,
  LEDGER_CALLS,
  QUEUE_CALLS,
  STORE_CALLS,
} from "./fault-points.ts";
import { type Faults, followFaultPlan } from "./faults.ts";
import { faultyContext, faultyFetch, faultyFiles } from "./faulty.ts";

const folder = mkdtempSync(join(tmpdir(), "plenary-faults-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Notes crossings, and lets everything happen. */
function recorder(): Faults & { readonly crossed: Set<string> } {
  const crossed = new Set<string>();
  return { crossed, cross: async (point) => void crossed.add(point), clockOffset: () => 0 };
}

/** An object whose calls do nothing. */
function idle(
  calls: Readonly<Record<string, true>>,
): Record<string, (work?: unknown) => Promise<unknown>> {
  const call = async (work?: unknown) => (typeof work === "function" ? work() : undefined);
  return Object.fromEntries(Object.keys(calls).map((name) => [name, call]));
}

const queries = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

describe("fault points", () => {
  test("have unique names, and lie before every call of every boundary", async () => {
    assert.equal(new Set(FAULT_POINTS).size, FAULT_POINTS.length);
    const faults = recorder();
    const boundaries = {
      database: { ...idle(DATABASE_CALLS), queries },
      ledger: idle(LEDGER_CALLS),
      scheduler: idle(QUEUE_CALLS),
      blobs: idle(BLOB_CALLS),
    };
    const context = faultyContext(boundaries as unknown as Context, faults);
    const callAll = async (target: object, calls: Readonly<Record<string, true>>) => {
      for (const call of Object.keys(calls)) {
        const real: (work: () => Promise<void>) => Promise<unknown> = Reflect.get(target, call);
        // Repositories want arguments and rows. What matters is what was crossed before they found
        // none.
        await real(async () => {}).catch(() => {});
      }
    };
    await callAll(context.database, DATABASE_CALLS);
    await callAll(context.ledger, LEDGER_CALLS);
    await callAll(context.scheduler, QUEUE_CALLS);
    await callAll(context.blobs, BLOB_CALLS);
    for (const [name, calls] of Object.entries(STORE_CALLS))
      await callAll(Reflect.get(context.store, name), calls);
    const missing = FAULT_POINTS.filter(
      (point) => !/^(files?|chain)\/|^store\..*\/after$/.test(point) && !faults.crossed.has(point),
    );
    assert.deepEqual(missing, []);
  });

  test("lie around every call of the file system", async () => {
    const faults = recorder();
    const blobs = await folderBlobStore(join(folder, "blobs"), faultyFiles(nodeFiles, faults));
    const hash = await blobs.write(Buffer.from("bytes"));
    await blobs.read(hash);
    await blobs.size(hash);
    const broken = (async function* () {
      yield new Uint8Array(1);
      throw new Error("the connection broke");
    })();
    await assert.rejects(blobs.receive(broken, { hash, limit: 2 }), /broke/);
    const missing = FAULT_POINTS.filter(
      (point) => /^files?\//.test(point) && !faults.crossed.has(point),
    );
    assert.deepEqual(missing, []);
  });

  test("lie around every call of the chain, and a call without points is refused", async () => {
    const faults = recorder();
    const call = faultyFetch(faults, async () => new Response("{}"));
    for (const method of Object.keys(CHAIN_CALLS))
      await call("http://chain", { method: "POST", body: JSON.stringify({ method }) });
    const missing = FAULT_POINTS.filter(
      (point) => point.startsWith("chain/") && !faults.crossed.has(point),
    );
    assert.deepEqual(missing, []);
    const unknown = { method: "POST", body: JSON.stringify({ method: "getSlot" }) };
    await assert.rejects(call("http://chain", unknown), /getSlot has no fault points/);
  });
});

describe("fault plans", () => {
  const full: Fault = { point: "file/write/before", occurrence: 2, action: "disk-full" };

  test("are read as they are written, and refused otherwise", () => {
    const faults: Fault[] = [
      full,
      { point: "ledger/now/after", occurrence: "every", action: "delay" },
    ];
    const plan: FaultPlan = { faults, clockOffset: -7_200_000 };
    assert.deepEqual(parseFaultPlan(formatFaultPlan(plan)), plan);
    for (const line of [
      "ledger/now 1 kill",
      "ledger/now/after 0 kill",
      "ledger/now/after 1 stop",
      "x",
      "clock soon",
      "clock 1\nclock 2",
    ])
      assert.throws(() => parseFaultPlan(line), { code: "invalid-input" });
  });

  test("count crossings, and start again when the file changes", async () => {
    const path = join(folder, "plan");
    const give = (faults: Fault[], clockOffset = 0) => {
      writeFileSync(`${path}.new`, formatFaultPlan({ faults, clockOffset }));
      renameSync(`${path}.new`, path);
    };
    give([full]);
    const faults = followFaultPlan(path);
    await faults.cross(full.point);
    await assert.rejects(faults.cross(full.point), { code: "ENOSPC" });
    await faults.cross(full.point);
    assert.equal(faults.clockOffset(), 0);
    give([full, { point: "file/sync/before", occurrence: "every", action: "delay" }], 5);
    assert.equal(faults.clockOffset(), 5);
    await faults.cross(full.point);
    await assert.rejects(faults.cross(full.point), { code: "ENOSPC" });
    await faults.cross("file/sync/before");
  });

  test("fill the disk: the blob store says so, and keeps nothing", async () => {
    const path = join(folder, "full");
    writeFileSync(
      path,
      formatFaultPlan({ faults: [{ ...full, occurrence: "every" }], clockOffset: 0 }),
    );
    const blobs = await folderBlobStore(
      join(folder, "small"),
      faultyFiles(nodeFiles, followFaultPlan(path)),
    );
    await assert.rejects(blobs.write(Buffer.from("bytes")), { code: "storage-full" });
    assert.deepEqual(await nodeFiles.list(join(folder, "small", "incoming")), []);
  });
});
