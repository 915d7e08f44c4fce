import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Keypair, SystemProgram, Transaction } from "@solana/web3.js";
import fc from "fast-check";
import { WebSocket } from "ws";
import { call, post, startTestNode, type TestNode } from "../testing/test-node.ts";
import { answer, METHODS } from "./dispatch.ts";
import { RPC_CODES } from "./errors.ts";

const address = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex").slice(0, 44));
const key = fc.constantFrom(
  "11111111111111111111111111111111",
  "SysvarC1ock11111111111111111111111111111111",
  "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
  "So11111111111111111111111111111111111111112",
);
const config = fc.record(
  {
    encoding: fc.constantFrom("base58", "base64", "base64+zstd", "jsonParsed", "json", "x", null),
    commitment: fc.constantFrom("processed", "confirmed", "finalized", "max", "x"),
    dataSlice: fc.record({ offset: fc.nat(), length: fc.nat() }),
    filters: fc.array(
      fc.oneof(
        fc.record({ dataSize: fc.nat() }),
        fc.record({ memcmp: fc.record({ offset: fc.maxSafeNat(), bytes: fc.string() }) }),
        fc.jsonValue(),
      ),
    ),
    mint: key,
    programId: key,
    limit: fc.integer(),
    before: fc.string(),
    minContextSlot: fc.integer(),
    transactionDetails: fc.constantFrom("full", "accounts", "signatures", "none"),
    maxSupportedTransactionVersion: fc.integer({ min: -1, max: 300 }),
    skipPreflight: fc.boolean(),
    sigVerify: fc.boolean(),
    replaceRecentBlockhash: fc.boolean(),
    accounts: fc.record({
      addresses: fc.array(key),
      encoding: fc.constantFrom("base64", "jsonParsed", "x"),
    }),
  },
  { requiredKeys: [] },
);
const param = fc.oneof(
  fc.jsonValue(),
  fc.integer(),
  fc.double(),
  address,
  key,
  config,
  fc.array(key),
  fc.base64String(),
);
const method = fc.constantFrom(...METHODS.keys());
const codes: ReadonlySet<unknown> = new Set(Object.values(RPC_CODES));

function checkResponse(response: unknown): void {
  assert.ok(typeof response === "object" && response !== null, String(response));
  assert.ok("jsonrpc" in response && response.jsonrpc === "2.0" && "id" in response);
  if ("result" in response) return;
  assert.ok("error" in response && typeof response.error === "object" && response.error !== null);
  const { error } = response;
  assert.ok(
    "code" in error && codes.has(error.code) && error.code !== RPC_CODES.internalError,
    JSON.stringify(error),
  );
  assert.ok("message" in error && typeof error.message === "string");
}

/** Each method's answer to `params` is a JSON-RPC answer, and no fault of the node's. */
async function checkCall(env: TestNode, name: string, params: unknown): Promise<void> {
  const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method: name, params });
  const response = await answer(text, { bank: env.node.bank }, (error) =>
    assert.fail(`${name}: ${String(error)}`),
  );
  assert.ok(response !== undefined);
  checkResponse(JSON.parse(response));
}

test("any parameters of any method get a JSON-RPC answer", async (t) => {
  const env = await startTestNode(t);
  await env.funded();
  env.advance(3);
  await fc.assert(
    fc.asyncProperty(
      method,
      fc.oneof(fc.array(param, { maxLength: 4 }), fc.jsonValue()),
      (name, params) => checkCall(env, name, params),
    ),
    { numRuns: 5_000 },
  );
  for (const name of METHODS.keys()) await checkCall(env, name, undefined);
});

test("any body gets status 200 and a JSON-RPC answer, or an HTTP status that says why not", async (t) => {
  const env = await startTestNode(t);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.json(), fc.string({ unit: "binary" })),
      async (body) => {
        const response = await fetch(env.node.rpcUrl, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        assert.equal(response.status, 200);
        const answers: unknown = JSON.parse(await response.text());
        for (const item of Array.isArray(answers) ? answers : [answers]) checkResponse(item);
      },
    ),
    { numRuns: 300 },
  );
  assert.deepEqual(await post(env.node.rpcUrl, '{"jsonrpc":"2.0","id":1,"method":"getHealth"}'), {
    jsonrpc: "2.0",
    id: 1,
    result: "ok",
  });
  assert.deepEqual(env.faults, []);
});

test("any WebSocket message leaves the node serving", async (t) => {
  const env = await startTestNode(t);
  const socket = new WebSocket(env.node.webSocketUrl);
  await once(socket, "open");
  t.after(() => socket.terminate());
  const answered = Promise.withResolvers<void>();
  socket.on("message", (data) => {
    if (String(data).includes('"last"')) answered.resolve();
  });
  const kinds = ["account", "program", "logs", "signature", "slot", "root", "block", ""];
  const request = fc.record({
    jsonrpc: fc.constant("2.0"),
    id: fc.oneof(fc.integer(), fc.jsonValue()),
    method: fc
      .tuple(fc.constantFrom(...kinds), fc.constantFrom("Subscribe", "Unsubscribe"))
      .map((parts) => parts.join("")),
    params: fc.oneof(fc.array(param, { maxLength: 3 }), fc.jsonValue()),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.json(),
        request.map((value) => JSON.stringify(value)),
      ),
      async (text) => {
        socket.send(text);
      },
    ),
    { numRuns: 1_000 },
  );
  socket.send('{"jsonrpc":"2.0","id":"last","method":"slotSubscribe"}');
  await answered.promise;
  await env.funded();
  env.advance(1);
  assert.deepEqual(await call(env.node.rpcUrl, "getHealth"), {
    jsonrpc: "2.0",
    id: 1,
    result: "ok",
  });
  assert.deepEqual(env.faults, []);
});

test("no mutation of a transaction brings the virtual machine down, checked or unchecked", async (t) => {
  const env = await startTestNode(t);
  const payer = await env.funded();
  const { blockhash, lastValidBlockHeight } = await env.connection.getLatestBlockhash();
  const transaction = new Transaction({
    blockhash,
    lastValidBlockHeight,
    feePayer: payer.publicKey,
  });
  transaction.add(
    SystemProgram.transfer({
      fromPubkey: payer.publicKey,
      toPubkey: Keypair.generate().publicKey,
      lamports: 1_000_000,
    }),
    SystemProgram.createAccount({
      fromPubkey: payer.publicKey,
      newAccountPubkey: payer.publicKey,
      lamports: 5,
      space: 9,
      programId: Keypair.generate().publicKey,
    }),
  );
  transaction.sign(payer);
  const raw = transaction.serialize();
  const edit = fc.record({ offset: fc.nat(raw.length - 1), value: fc.nat(255) });
  const mutated = fc
    .tuple(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.nat(4), fc.boolean())
    .map(([edits, cut, versioned]) => {
      const bytes = Buffer.from(raw);
      for (const { offset, value } of edits) bytes[offset] = value;
      const body = bytes.subarray(0, bytes.length - (cut === 4 ? edits[0]!.offset : 0));
      return versioned
        ? Buffer.concat([
            body.subarray(0, 65),
            Uint8Array.of(0x80),
            body.subarray(65),
            Uint8Array.of(0),
          ])
        : body;
    });
  await fc.assert(
    fc.asyncProperty(mutated, async (bytes) => {
      const text = bytes.toString("base64");
      await checkCall(env, "sendTransaction", [text, { encoding: "base64" }]);
      await checkCall(env, "simulateTransaction", [
        text,
        { encoding: "base64", replaceRecentBlockhash: true },
      ]);
    }),
    { numRuns: 3_000 },
  );
});
