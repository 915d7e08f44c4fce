import assert from "node:assert/strict";
import { test } from "node:test";
import { toBase58 } from "@plenary/protocol";
import fc from "fast-check";
import { readMessages, watchEvents } from "./events.ts";
import { createServiceClient } from "./service-client.ts";
import { serve } from "./testing/http-server.ts";

const FEDERATION = toBase58(new Uint8Array(32).fill(5));
const QUICK = { attempts: 4, firstPause: 1, longestPause: 4 };

function eventOf(round: number): string {
  const event = { type: "round-opened", federation: FEDERATION, round: String(round), at: 1_000 };
  return `id: ${round}\nevent: round-opened\ndata: ${JSON.stringify(event)}\n\n`;
}

test("messages are the same however the bytes are cut", async () => {
  const text =
    'id: 1\ndata: {"a":"ü"}\n\n: comment\n\nid:2\r\ndata:two\r\ndata: lines\r\n\r\nevent: none\n\nid: 3\ndata\n\ndata: cut off';
  const expected = [
    { id: "1", data: '{"a":"ü"}' },
    { id: "2", data: "two\nlines" },
    { id: "3", data: "" },
  ];
  const bytes = new TextEncoder().encode(text);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      async function* pieces() {
        for (let i = 1; i < edges.length; i += 1) yield bytes.subarray(edges[i - 1], edges[i]);
      }
      const messages = [];
      for await (const { id, data } of readMessages(pieces())) messages.push({ id, data });
      assert.deepEqual(messages, expected);
    }),
  );
});

test("a stream that breaks is continued after the last event seen", async (t) => {
  const { url, received } = await serve(t, ({ headers }, response, number) => {
    if (number === 2) return void response.writeHead(503).end();
    const last = Number(headers["last-event-id"] ?? 0);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(eventOf(last + 1));
    response.write(eventOf(last + 2), () => response.destroy());
  });
  const controller = new AbortController();
  const rounds: (string | null)[] = [];
  const client = createServiceClient({ url, retry: QUICK });
  for await (const { round } of watchEvents(client, FEDERATION, controller.signal)) {
    rounds.push(round);
    if (rounds.length === 6) controller.abort();
  }
  assert.deepEqual(rounds, ["1", "2", "3", "4", "5", "6"]);
  assert.equal(received.length, 4);
});
