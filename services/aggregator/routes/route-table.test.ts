import assert from "node:assert/strict";
import { subscribe } from "node:diagnostics_channel";
import { after, before, describe, test } from "node:test";
import type { FastifyInstance } from "fastify";
import {
  type Answer,
  type Answers,
  type Row,
  type Scene,
  TABLE,
} from "../testing/actors/route-table.ts";
import { STRANGERS } from "../testing/actors/strangers.ts";
import {
  type AccessBench,
  OPERATOR_PASSWORD,
  openAccessBench,
  statusOf,
} from "../testing/stack/access-bench.ts";

/** The queue's page and its own interface: one row for all that is below it. */
const OPERATOR = "/operator/queues";

/** Every route that Fastify mounts from now on, as "METHOD url". */
function collectRoutes(): Set<string> {
  const routes = new Set<string>();
  subscribe("fastify.initialization", (message) => {
    (message as { fastify: FastifyInstance }).fastify.addHook("onRoute", ({ method, url }) => {
      for (const one of [method].flat()) routes.add(`${one} ${url}`);
    });
  });
  return routes;
}

describe("access to routes", () => {
  const routes = collectRoutes();
  let bench: AccessBench;
  let ask: AccessBench["ask"];
  let scenes: AccessBench["scenes"];

  before(async () => {
    bench = await openAccessBench();
    ({ ask, scenes } = bench);
  });
  after(() => bench.stop());

  async function answersTo(name: string, row: Row, scene: Scene): Promise<Answers> {
    const [method = ""] = name.split(" ");
    const content = row.body?.(scene);
    const isBytes = content instanceof Uint8Array;
    const body = isBytes
      ? content
      : Buffer.from(content === undefined ? "" : JSON.stringify(content));
    const type = content && (isBytes ? "application/octet-stream" : "application/json");
    const target = { method, path: row.path(scene), body };
    const answers: Record<string, Answer> = {};
    for (const [stranger, approach] of Object.entries(STRANGERS))
      answers[stranger] = await ask(target, approach(scene.cast, target), type);
    return answers as Answers;
  }

  for (const [name, row] of Object.entries(TABLE))
    for (const visibility of ["public", "private"] as const)
      test(`${name}, ${visibility}`, async () => {
        const scene = scenes[visibility];
        const expected = (visibility === "private" && row.private) || row.public;
        // The answer to a HEAD has no body that could name a code.
        const seen = name.startsWith("HEAD")
          ? Object.fromEntries(
              Object.entries(expected).map(([who, answer]) => [who, statusOf(answer)]),
            )
          : expected;
        assert.deepEqual(await answersTo(name, row, scene), seen);
      });

  test("every route has a row, and every row is a route", () => {
    const mounted = [...routes].filter((route) => !route.split(" ")[1]?.startsWith(OPERATOR));
    assert.deepEqual(mounted.sort(), Object.keys(TABLE).sort());
    assert.ok(routes.size - mounted.length > 10, "the queue's page is mounted");
  });

  test("the queue's page and all below it need the password", async () => {
    const scene = scenes.public;
    for (const route of routes) {
      const [method = "", url = ""] = route.split(" ");
      if (!url.startsWith(OPERATOR)) continue;
      const path = url.replace(/:[a-zA-Z]+|\*/g, "none");
      const target = { method, path, body: new Uint8Array() };
      for (const [stranger, approach] of Object.entries(STRANGERS))
        assert.equal(await ask(target, approach(scene.cast, target)), 401, `${route}: ${stranger}`);
      for (const credentials of [
        "operator:wrong",
        `other:${OPERATOR_PASSWORD}`,
        OPERATOR_PASSWORD,
        "",
      ])
        assert.equal(await ask(target, [basic(credentials)]), 401, route);
      if (method === "GET")
        assert.notEqual(await ask(target, [basic(`operator:${OPERATOR_PASSWORD}`)]), 401, route);
    }
  });
});

function basic(credentials: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
}
