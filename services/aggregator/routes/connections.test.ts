import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { sha256, toBase58, toHex, vectorToBytes } from "@plenary/protocol";
import { clientOf, type TestClient } from "../testing/actors/client.ts";
import { sendRaw } from "../testing/actors/raw-request.ts";
import { createFederation } from "../testing/chain/federation.ts";
import { freePort, type TestProcess } from "../testing/stack/processes.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

const WARNING = 40;
const CONNECTION_LIMIT = 20;
/** An answer of more than a megabyte. */
const LARGE = "/docs/static/swagger-ui-bundle.js";

describe("connections", () => {
  let stack: Stack;
  let port: number;
  let server: TestProcess;
  let client: TestClient;
  let address: string;
  let blob: string;

  before(async () => {
    stack = await startStack({ redis: true });
    port = await freePort();
    server = await startServer();
    client = clientOf(`http://127.0.0.1:${port}`);
    const federation = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 1,
      parameterCount: 1_000_000,
    });
    blob = toHex(sha256(vectorToBytes(federation.model)));
    await client.register(federation);
    address = toBase58(federation.address);
  });
  after(() => stack.stop());

  const startServer = () =>
    stack.startServer(port, { PLENARY_CONNECTION_LIMIT: String(CONNECTION_LIMIT) });

  /** A connection from `localAddress` that has sent `text` and does not read. */
  async function open(text: string, localAddress = "127.0.0.1"): Promise<Socket> {
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.pause();
    socket.write(text);
    return socket;
  }

  /** An event stream that the server has begun. */
  async function listen(): Promise<Socket> {
    const socket = await open(`GET /v1/federations/${address}/events HTTP/1.1\r\nhost: a\r\n\r\n`);
    const [head] = await once(socket.resume(), "data");
    assert.match(String(head), /^HTTP\/1.1 200/);
    return socket;
  }

  async function measure(name: string): Promise<number> {
    const { body } = await sendRaw(client.origin, { method: "GET", path: "/metrics" });
    return Number(new RegExp(`^${name} (\\S+)`, "m").exec(body.toString())?.[1]);
  }

  const warnings = () =>
    server
      .output()
      .split("\n")
      .filter((line) => line !== "" && JSON.parse(line).level >= WARNING);

  test("one address that asks and never reads holds a bounded part of the server", async () => {
    const files = await measure("process_open_fds");
    const bytes = await measure("process_resident_memory_bytes");
    const flood = `GET ${LARGE} HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(2_000);
    const sockets: Socket[] = [];
    for (let i = 0; i < 3 * CONNECTION_LIMIT; i += 1) sockets.push(await open(flood, "127.0.0.2"));
    for (let i = 0; i < 20; i += 1) {
      assert.ok((await measure("process_open_fds")) - files <= 6 * CONNECTION_LIMIT);
      assert.ok((await measure("process_resident_memory_bytes")) - bytes < 300e6);
    }
    for (const socket of sockets) socket.destroy();
  });

  test("a listener that leaves is not a failure, nor a reader that leaves a transfer", async () => {
    const leavers = [
      await listen(),
      await listen(),
      await open(`GET ${LARGE} HTTP/1.1\r\nhost: a\r\n\r\n`),
      await open(`GET /v1/blobs/${blob} HTTP/1.1\r\nhost: a\r\n\r\n`),
    ];
    for (const leaver of leavers) {
      leaver.destroy();
      await once(leaver, "close");
    }
    // When the server has ended, its output says what it reported of them.
    await server.stop();
    assert.deepEqual(warnings(), []);
    server = await startServer();
  });

  test("SIGTERM ends streams, silent and idle connections, with code 0", async () => {
    const sockets = [
      await listen(),
      await open(""),
      await open("GET /v1/serv"),
      await open("GET /v1/service HTTP/1.1\r\nhost: a\r\n\r\n"),
    ];
    await server.stop();
    assert.equal(await server.ended, 0);
    assert.deepEqual(warnings(), []);
    for (const socket of sockets) socket.destroy();
    server = await startServer();
  });

  test("too many requests from one address: 429, and when to try again, which a page can read", async () => {
    const port = await freePort();
    const limited = await stack.startServer(port, { PLENARY_RATE_LIMIT: "3" });
    const get = (path: string) =>
      sendRaw(`http://127.0.0.1:${port}`, {
        method: "GET",
        path,
        headers: { origin: "https://page.example" },
      });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await get("/v1/federations"));
    answers.push(await get("/v1/nowhere"));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 429, 404],
    );
    for (const { headers } of answers) {
      assert.equal(headers["access-control-allow-origin"], "*");
      assert.match(String(headers["access-control-expose-headers"]), /retry-after/);
    }
    assert.equal(answers[3]?.code, "rate-limited");
    assert.ok(Number(answers[3]?.headers["retry-after"]) > 0);
    await limited.stop();
  });
});
