import assert from "node:assert/strict";
import { test } from "node:test";
import { chainFetch } from "./chain-fetch.ts";
import { createLog } from "./service.ts";

test("a node that limits requests is waited for as it asks, and that is said once", async () => {
  const answers = ["0", "0", undefined].map((after) =>
    after === undefined
      ? new Response("slots")
      : new Response("Too many", { status: 429, headers: { "retry-after": after } }),
  );
  const lines: object[] = [];
  const log = { ...createLog("test", "silent"), warn: (line: object) => lines.push(line) };
  const sent: unknown[] = [];
  const fetch = chainFetch(async (_input, init) => {
    sent.push(init?.body);
    return answers.shift() ?? assert.fail("asked too often");
  }, log);
  const response = await fetch("http://127.0.0.1:9", { method: "POST", body: "ask" });
  assert.equal(await response.text(), "slots");
  assert.deepEqual(sent, ["ask", "ask", "ask"]);
  assert.equal(lines.length, 1);
});

test("a node that never stops limiting requests has its answer handed on", async () => {
  let asked = 0;
  const fetch = chainFetch(
    async () => {
      asked += 1;
      return new Response("Too many", { status: 429, headers: { "retry-after": "0" } });
    },
    createLog("test", "silent"),
  );
  assert.equal((await fetch("http://127.0.0.1:9")).status, 429);
  assert.equal(asked, 6);
});
