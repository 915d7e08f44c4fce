import assert from "node:assert/strict";
import { test } from "node:test";
import { serveMetrics } from "./metrics.ts";

const STANDING = {
  verified: 3,
  wrong: 1,
  failed: 0,
  retries: 2,
  verificationSeconds: 1.5,
  lastRound: 7,
  roundsKept: 2,
  disputesOpen: 1,
  disputesEnded: { won: 1, lost: 0, moot: 0, failed: 0 },
};

test("a watch's standing is served as Prometheus text, read from the watch each time", async () => {
  let now = STANDING;
  const page = await serveMetrics(0, () => now);
  const url = `http://127.0.0.1:${page.port}`;
  try {
    const read = async () => (await fetch(`${url}/metrics`)).text();
    const first = await read();
    for (const line of [
      "# TYPE plenary_watch_rounds_verified_total counter",
      "plenary_watch_rounds_verified_total 3",
      "plenary_watch_rounds_wrong_total 1",
      "plenary_watch_rounds_failed_total 0",
      "plenary_watch_retries_total 2",
      "plenary_watch_verification_seconds_total 1.5",
      "# TYPE plenary_watch_last_round gauge",
      "plenary_watch_last_round 7",
      "plenary_watch_rounds_kept 2",
      "plenary_watch_disputes_open 1",
      'plenary_watch_disputes_total{outcome="won"} 1',
      'plenary_watch_disputes_total{outcome="lost"} 0',
    ])
      assert.ok(first.split("\n").includes(line), `${line}\n${first}`);
    now = { ...STANDING, verified: 4 };
    assert.match(await read(), /^plenary_watch_rounds_verified_total 4$/m);
    assert.equal((await fetch(`${url}/`)).status, 404);
    await assert.rejects(
      serveMetrics(page.port, () => now),
      { code: "conflict" },
    );
  } finally {
    page.close();
  }
});
