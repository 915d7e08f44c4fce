import assert from "node:assert/strict";
import { test } from "node:test";
import { fastify } from "fastify";
import { listen, urlOf } from "./listening.ts";

for (const host of ["127.0.0.1", "127.0.0.2", "::1"])
  test(`the URL of a process that listens on ${host} leads to it`, async (t) => {
    const app = fastify();
    t.after(() => app.close());
    app.get("/", async () => "here");
    await listen(app, { host, port: 0, setting: "PLENARY_PORT" });
    assert.equal(await (await fetch(urlOf(app))).text(), "here");
  });

test("a port that is taken is said, with the setting to change", async (t) => {
  const [first, second] = [fastify(), fastify()];
  t.after(() => Promise.all([first.close(), second.close()]));
  await listen(first, { host: "127.0.0.1", port: 0, setting: "PLENARY_PORT" });
  const port = Number(new URL(urlOf(first)).port);
  await assert.rejects(
    listen(second, { host: "127.0.0.1", port, setting: "PLENARY_WORKER_PORT" }),
    { code: "conflict", message: /set PLENARY_WORKER_PORT/ },
  );
});
