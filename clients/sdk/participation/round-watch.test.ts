import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { toBase58 } from "@plenary/protocol";
import { createServiceClient } from "@plenary/service";
import { watchForChanges } from "./round-watch.ts";

const FEDERATION = toBase58(new Uint8Array(32).fill(5));
const EVENT = { type: "round-opened", federation: FEDERATION, round: "1", at: 1_000 };
const MESSAGE = `id: 1\nevent: round-opened\ndata: ${JSON.stringify(EVENT)}\n\n`;

test("a waiting member is woken by an event, by the poll interval, or by an abort", async (t) => {
  let send = () => {};
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    send = () => void response.write(MESSAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createServiceClient({
    url,
    retry: { attempts: 4, firstPause: 1, longestPause: 4 },
  });
  const polled = watchForChanges(client, FEDERATION, { pollInterval: 1 });
  await polled.after(polled.seen);
  assert.equal(polled.seen, 0);
  polled.stop();
  await assert.rejects(polled.after(0), { name: "AbortError" });

  let arrived = () => {};
  const event = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const patient = watchForChanges(client, FEDERATION, {
    pollInterval: 1_000_000,
    onEvent: arrived,
  });
  const woken = patient.after(patient.seen);
  const sending = setInterval(() => send(), 5);
  await woken;
  clearInterval(sending);
  await event;
  assert.ok(patient.seen >= 1);
  await patient.after(0);
  patient.stop();
});
