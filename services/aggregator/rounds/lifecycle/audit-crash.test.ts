import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { AuditedRound } from "../../testing/bench/audited-round.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";

describe("workers that are killed during audits", () => {
  let bench: Workbench;
  let round: AuditedRound;

  before(async () => {
    bench = await openWorkbench();
  });
  after(() => bench.close());

  test("another worker draws once, keeps the reports and completes the round, wherever the first was killed", async () => {
    const { store, blobs } = bench.context;
    const moments = [
      { object: bench.ledger, call: "auditSlotHash" },
      { object: bench.ledger, call: "drawAudits" },
      { object: store.transactions, call: "confirm" },
      { object: store.auditReports, call: "ofRound" },
      { object: blobs, call: "write" },
    ] as const;
    for (const { object, call } of moments)
      for (const when of ["before", "after"] as const) {
        round = await AuditedRound.found(bench);
        bench.ledger.effects.length = 0;
        await round.played.upload(1n);
        const doomed = killAt(object, call, when);
        await workThroughDeath();
        for (const [place, outcome] of [
          [0, "failed"],
          [1, "passed"],
        ] as const)
          await round.hand(await round.reportOn(place, outcome));
        await workThroughDeath();
        assert.ok(doomed.restore(), `nothing was killed ${when} ${call}`);
        assert.equal((await round.played.round()).state, "committed");
        assert.equal(bench.ledger.effects.filter((effect) => effect === "audit-draw 1").length, 1);
        const { result, manifestHash } = await round.replayed();
        assert.deepEqual(result.manifestHash, manifestHash);
        assert.equal(result.counted, 2);
      }
  });

  /** A worker that dies, and another that continues. */
  async function workThroughDeath(): Promise<void> {
    const { played } = round;
    await played.work().catch((error: unknown) => {
      if (!(error instanceof Error && error.message === KILLED)) throw error;
      bench.asked.length = 0;
      played.worker = bench.worker();
    });
    await played.work();
  }
});

const KILLED = "killed";

/** Fails one call, once, before or after it takes effect. `restore` says whether it did. */
function killAt(object: object, call: string, when: "before" | "after"): { restore(): boolean } {
  const real: (...parameters: never[]) => Promise<unknown> = Reflect.get(object, call);
  let killed = false;
  const die = (): never => {
    killed = true;
    throw new Error(KILLED);
  };
  Reflect.set(object, call, async (...parameters: never[]) => {
    if (!killed && when === "before") die();
    const result = await real.apply(object, parameters);
    return killed ? result : die();
  });
  return {
    restore: () => {
      Reflect.set(object, call, real);
      return killed;
    },
  };
}
