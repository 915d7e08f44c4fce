import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { test } from "node:test";
import { LocalStackError } from "../errors.ts";
import { Ports } from "./ports.ts";

async function occupied(host = "127.0.0.1"): Promise<{ port: number; server: Server }> {
  const server = createServer().listen({ host, port: 0 });
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { port: address.port, server };
}

test("a preferred port that is free is given, and not twice", async () => {
  const { port, server } = await occupied();
  server.close();
  await once(server, "close");
  const ports = new Ports();
  const wish = { purpose: "a test", preferred: port };
  assert.equal(await ports.take(wish), port);
  assert.notEqual(await ports.take(wish), port);
});

test("another port is given when the preferred one is taken", async () => {
  const { port, server } = await occupied();
  const given = await new Ports().take({ purpose: "a test", preferred: port, count: 2 });
  assert.notEqual(given, port);
  server.close();
});

test("a demanded port that is taken is an error that names it and its variable", async () => {
  const { port, server } = await occupied();
  const wish = { purpose: "the service", preferred: port, demandedBy: "PLENARY_PORT" };
  await assert.rejects(new Ports().take(wish), (error: unknown) => {
    assert.ok(error instanceof LocalStackError && error.code === "port-in-use");
    assert.match(
      error.message,
      new RegExp(`Port ${port}, which PLENARY_PORT demands for the service, is in use`),
    );
    return true;
  });
  server.close();
});

test("a port is looked for on the address that is to be listened on", async () => {
  const { port, server } = await occupied("127.0.0.2");
  const ports = new Ports();
  const wish = { purpose: "a test", preferred: port };
  assert.notEqual(await ports.take({ ...wish, host: "127.0.0.2" }), port);
  assert.equal(await ports.isFree(port, 1, "127.0.0.2"), false);
  assert.equal(await ports.take({ ...wish, host: "127.0.0.1" }), port);
  server.close();
});

test("an address that is not this machine's is an error that names its variable", async () => {
  // TEST-NET-1, which no machine has.
  const wish = { purpose: "the service", host: "192.0.2.1", hostVariable: "PLENARY_HOST" };
  for (const preferred of [7070, undefined]) {
    const asked = preferred === undefined ? wish : { ...wish, preferred };
    await assert.rejects(new Ports().take(asked), (error: unknown) => {
      assert.ok(error instanceof LocalStackError && error.code === "option-invalid");
      assert.match(error.message, /192\.0\.2\.1.*EADDRNOTAVAIL.*Set PLENARY_HOST to an address/);
      return true;
    });
  }
});
