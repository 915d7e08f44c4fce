import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { Keypair, type PublicKey, SystemProgram, Transaction } from "@solana/web3.js";
import { WebSocket } from "ws";
import { EXIT_CODES } from "./errors.ts";
import { call, temporaryFolder } from "./testing/test-node.ts";

const MAIN = join(import.meta.dirname, "main.ts");

/** The node as a process of its own, under the system's clock. */
class Process {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly exit: Promise<unknown[]>;
  readonly #ready = Promise.withResolvers<string>();

  constructor(t: TestContext, environment: Record<string, string>) {
    this.child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, PLENARY_LOCALNET_PORT: "0", ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    });
    // Not "exit", which may come before the last of what the process has written.
    this.exit = once(this.child, "close");
    t.after(() => this.child.kill("SIGKILL"));
    assert.ok(this.child.stdout);
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.lines.push(line);
      const entry: unknown = JSON.parse(line);
      if (typeof entry !== "object" || entry === null || !("msg" in entry)) return;
      if (entry.msg === "ready" && "rpc" in entry) this.#ready.resolve(String(entry.rpc));
    });
    this.exit.then(() => this.#ready.reject(new Error(`The node ended: ${this.lines.join("\n")}`)));
    this.#ready.promise.catch(() => undefined);
  }

  async url(): Promise<string> {
    return this.#ready.promise;
  }

  async code(): Promise<unknown> {
    return (await this.exit)[0];
  }
}

function resultOf(response: unknown): unknown {
  assert.ok(
    typeof response === "object" && response !== null && "result" in response,
    JSON.stringify(response),
  );
  return response.result;
}

function shown(result: unknown): unknown {
  assert.ok(typeof result === "object" && result !== null && "value" in result);
  return result.value;
}

async function balance(url: string, address: PublicKey): Promise<unknown> {
  return shown(resultOf(await call(url, "getBalance", [address.toBase58()])));
}

async function blockhash(url: string): Promise<string> {
  const value = shown(resultOf(await call(url, "getLatestBlockhash")));
  assert.ok(typeof value === "object" && value !== null && "blockhash" in value);
  return String(value.blockhash);
}

test("killed in the middle of its work, it comes back with everything that it had confirmed", async (t) => {
  const ledger = temporaryFolder();
  const payer = Keypair.generate();
  const to = Keypair.generate().publicKey;
  const confirmed = new Set<string>();
  let sent = 0;
  for (let life = 0; life < 3; life++) {
    const node = new Process(t, {
      PLENARY_LOCALNET_LEDGER: ledger,
      PLENARY_LOCALNET_HISTORY_MIB: "1",
    });
    const url = await node.url();
    if (life === 0) resultOf(await call(url, "requestAirdrop", [payer.publicKey.toBase58(), 1e12]));
    const enough = Promise.withResolvers<void>();
    const before = confirmed.size;
    const send = async () => {
      while (node.child.exitCode === null && node.child.signalCode === null) {
        const transaction = new Transaction({
          blockhash: await blockhash(url),
          lastValidBlockHeight: 0,
          feePayer: payer.publicKey,
        });
        transaction.add(
          SystemProgram.transfer({
            fromPubkey: payer.publicKey,
            toPubkey: to,
            lamports: 1_000_000 + sent++,
          }),
        );
        transaction.sign(payer);
        const raw = transaction.serialize().toString("base64");
        confirmed.add(
          String(resultOf(await call(url, "sendTransaction", [raw, { encoding: "base64" }]))),
        );
        if (confirmed.size === before + 100) enough.resolve();
      }
    };
    const senders = Promise.allSettled(Array.from({ length: 8 }, send));
    await enough.promise;
    node.child.kill("SIGKILL");
    await node.exit;
    const outcomes = await senders;
    for (const outcome of outcomes)
      if (outcome.status === "rejected")
        assert.ok(!(outcome.reason instanceof assert.AssertionError), String(outcome.reason));
  }
  const node = new Process(t, { PLENARY_LOCALNET_LEDGER: ledger });
  const url = await node.url();
  const signatures = [...confirmed];
  for (let i = 0; i < signatures.length; i += 200) {
    const statuses = shown(
      resultOf(await call(url, "getSignatureStatuses", [signatures.slice(i, i + 200)])),
    );
    assert.ok(Array.isArray(statuses));
    assert.equal(statuses.filter((status) => status === null).length, 0);
  }
  // Each transfer is of a million lamports plus its number: the sum shows that none counted
  // twice.
  const received = Number(await balance(url, to));
  assert.ok(received >= confirmed.size * 1_000_000);
  const processed = Number(resultOf(await call(url, "getTransactionCount")));
  assert.ok(received < processed * 1_001_000, `${received} lamports in ${processed} transactions`);
  node.child.kill("SIGTERM");
  assert.equal(await node.code(), 0);
});

test("SIGINT and SIGTERM end it cleanly, and its folder and ports are free again", async (t) => {
  const ledger = temporaryFolder();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const node = new Process(t, { PLENARY_LOCALNET_LEDGER: ledger });
    const url = await node.url();
    assert.equal(resultOf(await call(url, "getHealth")), "ok");
    assert.match(url, /^http:\/\/127\.0\.0\.1:/);
    node.child.kill(signal);
    assert.equal(await node.code(), 0);
  }
});

test("under the system's clock slots begin by themselves", async (t) => {
  const node = new Process(t, { PLENARY_LOCALNET_LEDGER: temporaryFolder() });
  const { hostname, port } = new URL(await node.url());
  const socket = new WebSocket(`ws://${hostname}:${Number(port) + 1}`);
  t.after(() => socket.terminate());
  await once(socket, "open");
  const roots: number[] = [];
  const enough = Promise.withResolvers<void>();
  socket.on("message", (data) => {
    const root = /"result":([0-9]+),"subscription"/.exec(String(data))?.[1];
    if (root !== undefined && roots.push(Number(root)) === 3) enough.resolve();
  });
  socket.send('{"jsonrpc":"2.0","id":1,"method":"rootSubscribe"}');
  await enough.promise;
  // On a machine that stalls for seconds the node leaves roots out, but it never repeats one.
  assert.ok(roots[0]! < roots[1]! && roots[1]! < roots[2]!, roots.join(" "));
});

test("a ledger in use, a port in use, an unusable folder and wrong settings end it with a code and a message", async (t) => {
  const ledger = temporaryFolder();
  const running = new Process(t, { PLENARY_LOCALNET_LEDGER: ledger });
  await running.url();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const taken = String((server.address() as AddressInfo).port);
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const cases: [keyof typeof EXIT_CODES, RegExp, Record<string, string>][] = [
    [
      "ledger-in-use",
      new RegExp(`process ${running.child.pid}`),
      { PLENARY_LOCALNET_LEDGER: ledger },
    ],
    [
      "port-in-use",
      /set PLENARY_LOCALNET_PORT/,
      { PLENARY_LOCALNET_LEDGER: temporaryFolder(), PLENARY_LOCALNET_PORT: taken },
    ],
    [
      "ledger-unwritable",
      /cannot be used \(ENOTDIR\)/,
      { PLENARY_LOCALNET_LEDGER: join(file, "ledger") },
    ],
    ["configuration-invalid", /PLENARY_LOCALNET_PORT must be/, { PLENARY_LOCALNET_PORT: "http" }],
    [
      "configuration-invalid",
      /PLENARY_LOCALNET_PROGRAMS must be/,
      { PLENARY_LOCALNET_PROGRAMS: "nonsense" },
    ],
    [
      "program-unreadable",
      /build it, or correct/,
      {
        PLENARY_LOCALNET_LEDGER: temporaryFolder(),
        PLENARY_LOCALNET_PROGRAMS: `${Keypair.generate().publicKey.toBase58()}=missing.so`,
      },
    ],
  ];
  await Promise.all(
    cases.map(async ([code, message, environment]) => {
      const node = new Process(t, environment);
      assert.equal(await node.code(), EXIT_CODES[code], node.lines.join("\n"));
      assert.match(node.lines.join("\n"), message);
    }),
  );
  running.child.kill("SIGTERM");
  assert.equal(await running.code(), 0);
});
