import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import {
  ENDPOINTS,
  ENVELOPE_HEADER,
  type Endpoint,
  type ServiceIdentity,
  SIGNATURE_HEADER,
  sha256,
  signRequest,
  urlOf,
} from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import { clientOf } from "../testing/actors/client.ts";
import { type RawRequest, sendRaw } from "../testing/actors/raw-request.ts";
import { freePort } from "../testing/stack/processes.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

/** Processor time that one request may take, which a busy machine hardly changes. */
const LIMIT_SECONDS = 0.1;
/** The headers of one request may have about this many characters. */
const HEADERS_LIMIT = 14_000;

/** JSON texts of about `size` characters. */
const SHAPES: Readonly<Record<string, (size: number) => string>> = {
  "a long array of zeros": (size) => `[${Array(size >> 1).fill(0)}]`,
  "a long array of different texts": (size) => `[${list(size / 9, (i) => `"${i}"`)}]`,
  "a long array of objects": (size) => `[${Array(Math.floor(size / 3)).fill("{}")}]`,
  "many keys": (size) => `{${list(size / 11, (i) => `"k${i}":0`)}}`,
  "deep arrays": (size) => "[".repeat(size >> 1) + "]".repeat(size >> 1),
  "deep objects": (size) => `${'{"a":'.repeat(size / 6)}0${"}".repeat(size / 6)}`,
  "a long text": (size) => JSON.stringify("a".repeat(size)),
  "a long number": (size) => "9".repeat(size),
};

function list(count: number, item: (i: number) => string): string {
  return Array.from({ length: Math.floor(count) }, (_, i) => item(i)).join(",");
}

/** Every place that a body's schema names: the whole, its fields, and the fields of objects. */
function placesOf(schema: unknown, at: readonly string[] = []): (readonly string[])[] {
  const { properties = {} } = schema as { properties?: Record<string, unknown> };
  const below = Object.entries(properties).flatMap(([name, field]) =>
    placesOf(field, [...at, name]),
  );
  return [at, ...below];
}

/** The JSON text of objects that lead to `value`. */
function wrapped(place: readonly string[], value: string): string {
  return place.reduceRight((text, name) => `{${JSON.stringify(name)}:${text}}`, value);
}

describe("no request holds the server", () => {
  let stack: Stack;
  let origin: string;
  let service: ServiceIdentity;
  const stranger = Keypair.generate();
  const params = {
    federation: stranger.publicKey.toBase58(),
    member: stranger.publicKey.toBase58(),
    round: "1",
    hash: "0".repeat(64),
  };

  before(async () => {
    stack = await startStack({ redis: true });
    const port = await freePort();
    await stack.startServer(port);
    origin = `http://127.0.0.1:${port}`;
    service = await clientOf(origin).identity();
  });
  after(() => stack.stop());

  async function processorSeconds(): Promise<number> {
    const { body } = await sendRaw(origin, { method: "GET", path: "/metrics" });
    const [, seconds] = /^process_cpu_seconds_total (\S+)/m.exec(body.toString()) ?? [];
    assert.ok(seconds !== undefined);
    return Number(seconds);
  }

  function signed({ method, path, body = "" }: RawRequest): Record<string, string> {
    const nonce = randomBytes(16).toString("hex");
    const bodyHash = sha256(Buffer.from(body));
    const request = { service, method, path, bodyHash, time: Date.now(), nonce };
    return signRequest(request, stranger.secretKey);
  }

  /** Sends a request and fails if the server worked on it for too long, or failed. */
  async function isCheap(what: string, request: RawRequest): Promise<void> {
    const before = await processorSeconds();
    // The server may refuse a body before all of it is sent.
    const answer = await sendRaw(origin, request).catch(() => undefined);
    const seconds = (await processorSeconds()) - before;
    assert.ok(seconds < LIMIT_SECONDS, `${what}: ${seconds} s`);
    assert.ok((answer?.status ?? 400) < 500, `${what}: ${answer?.status} ${answer?.body}`);
  }

  for (const endpoint of Object.values<Endpoint>(ENDPOINTS).filter(
    ({ method }) => method !== "GET",
  ))
    test(`${endpoint.operation}: bodies`, async () => {
      const { method, body, bodyLimit } = endpoint;
      const path = urlOf(endpoint, params);
      const places = typeof body === "object" ? placesOf(body) : [[]];
      // The first run compiles code.
      await sendRaw(origin, { method, path });
      for (const place of places)
        for (const [shape, make] of Object.entries(SHAPES))
          for (const size of [bodyLimit - 400, 400_000]) {
            const request = { method, path, body: wrapped(place, make(size)) };
            const headers = { "content-type": "application/json" };
            const what = `${shape} of ${size} at ${place.join(".") || "the top"}`;
            await isCheap(`${what}, unsigned`, { ...request, headers });
            await isCheap(what, { ...request, headers: { ...headers, ...signed(request) } });
          }
    });

  for (const endpoint of Object.values<Endpoint>(ENDPOINTS))
    test(`${endpoint.operation}: paths, queries and headers`, async () => {
      const { method, path, response } = endpoint;
      const long = "1".repeat(HEADERS_LIMIT);
      const plain = urlOf(endpoint, params);
      const paths = [
        ...[...path.matchAll(/:([a-z]+)/g)].map(([, name = ""]) =>
          urlOf(endpoint, { ...params, [name]: long }),
        ),
        `${plain}?${list(HEADERS_LIMIT / 8, (i) => `k${i}=0`).replaceAll(",", "&")}`,
        ...["limit", "before"].map((name) => `${plain}?${name}=${long}`),
        `${plain}?${"limit=1&".repeat(HEADERS_LIMIT / 8)}`,
        `${plain}?${"%".repeat(HEADERS_LIMIT)}`,
      ];
      for (const hostile of paths) await isCheap(hostile.slice(0, 80), { method, path: hostile });
      if (response === "events") return;
      for (const [name, value] of [
        ["range", `bytes=${"0-1,".repeat(HEADERS_LIMIT / 4)}`],
        ["range", `bytes=${long}-`],
        ["if-none-match", '"a",'.repeat(HEADERS_LIMIT / 4)],
        ["accept", "a/b;q=0.1,".repeat(HEADERS_LIMIT / 10)],
        ["plenary-key", long],
        ["plenary-nonce", long],
        [ENVELOPE_HEADER, "AAAA".repeat(HEADERS_LIMIT / 4)],
        [SIGNATURE_HEADER, "AAAA".repeat(HEADERS_LIMIT / 4)],
        ["content-type", `application/json;${"a=b;".repeat(HEADERS_LIMIT / 4)}`],
      ] as const)
        await isCheap(name, { method, path: plain, headers: { [name]: value } });
    });
});
