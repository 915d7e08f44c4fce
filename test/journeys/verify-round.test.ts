/**
 * Everything that a Round account says and that does not follow from the public bytes is found and
 * named.
 */
import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import type { Finding } from "@plenary/algorithms";
import {
  federationUpdate,
  type Round,
  readFederation,
  readRound,
  roundAddress,
  sendTransaction,
} from "@plenary/chain";
import { decodeEnvelope, fromBase64, parseManifest, toHex } from "@plenary/protocol";
import {
  connectTo,
  createServiceClient,
  openVerifier,
  type Verifier,
  verifyRound,
} from "@plenary/sdk";
import { foundFederation, runMembers, startGround } from "./local-federation.ts";

/** An altered root in the Round account: no bytes have that root, so they are withheld. */
const ALTERED = {
  baseRoot: { kind: "withheld", text: /^the base model is withheld/ },
  updatesRoot: { kind: "withheld", text: /^the leaves of the updates tree are withheld/ },
  nextRoot: { kind: "withheld", text: /^the next model is withheld/ },
  rewardsRoot: { kind: "withheld", text: /^the leaves of the rewards tree are withheld/ },
} as const satisfies Partial<Record<keyof Round, { kind: Finding["kind"]; text: RegExp }>>;

test("a round is verified from chain and public bytes alone, and every fault is named", async (t) => {
  const ground = await startGround(t);
  const { serviceUrl: service, rpcUrl: rpc } = ground.stack;
  const founded = await foundFederation(ground, { total: 1 });
  await runMembers(ground, founded);
  const mirror = join(ground.folder, "mirror");
  await cp(ground.blobs, mirror, { recursive: true });
  const options = { rpc, federation: founded.address.toBase58(), blobs: mirror };
  const verifier = await openVerifier(options);
  const connection = connectTo(rpc);
  const address = roundAddress(verifier.program, verifier.address, 1n);
  const round = await readRound(connection, address);
  assert.ok(round);

  await t.test("an honest round is right, from every source of its bytes", async () => {
    const stages: string[] = [];
    for (const chosen of [verifier, await openVerifier({ rpc, service })]) {
      const found = await verifyRound(chosen, 1n, {
        onProgress: ({ stage }) => stages.push(stage),
      });
      assert.deepEqual([found.valid, found.finding, found.provable], [true, null, null]);
      assert.deepEqual([found.counted, found.refused, found.uncheckedKeys], [2, 0, 0]);
      assert.ok(found.comparisons.every(({ equal }) => equal));
    }
    assert.ok(stages.includes("updates"));
    await assert.rejects(verifyRound(verifier, 2n), { code: "not-found", message: /not on chain/ });
  });

  await t.test("an altered root is named, with the dispute that proves it", async () => {
    for (const [field, expected] of Object.entries(ALTERED) as [keyof typeof ALTERED, Expected][]) {
      const altered = await alteringRpc(t, rpc, address.toBase58(), round[field]);
      await assertWrong(await openVerifier({ ...options, rpc: altered }), expected);
    }
  });

  await t.test("missing or different bytes count as withheld", async () => {
    const manifestHash = toHex(round.manifestHash);
    const manifest = parseManifest(JSON.parse(await readFile(join(mirror, manifestHash), "utf8")));
    const payload = payloadOf(manifest.updates[1]?.envelope ?? "");
    for (const [hash, expected] of [
      [
        payload,
        { kind: "withheld", text: new RegExp(`^the blob ${payload} of update 1 is missing`) },
      ],
      [manifest.base.blob, { kind: "withheld", text: /of the base model is missing/ }],
      [manifestHash, { kind: "withheld", text: /^the manifest \w+ is missing/ }],
      [manifest.configuration, { kind: "not-provable", text: /^the configuration of the round/ }],
    ] as const) {
      const path = join(mirror, hash);
      const bytes = await readFile(path);
      await rm(path);
      await assertWrong(verifier, expected);
      await writeFile(path, bytes.subarray(1));
      await assertWrong(verifier, expected);
      await writeFile(path, bytes);
    }
    assert.equal((await verifyRound(verifier, 1n)).valid, true);
  });

  await t.test("a source that cannot be reached says nothing about the round", async () => {
    const blobs = createServiceClient({ url: "http://127.0.0.1:9", retry: { attempts: 1 } });
    await assert.rejects(verifyRound({ ...verifier, blobs }, 1n), { code: "service-unavailable" });
  });

  await t.test("a round of an earlier configuration is verified under it", async () => {
    const federation = await readFederation(connection, founded.address);
    assert.ok(federation);
    const terms = { ...federation, configurationHash: new Uint8Array(32).fill(7) };
    const update = { federation: founded.address, authority: founded.authority.publicKey, terms };
    await sendTransaction(connection, federationUpdate(verifier.program, update), [
      founded.authority,
    ]);
    assert.equal((await verifyRound(verifier, 1n)).valid, true);
  });
});

interface Expected {
  readonly kind: Finding["kind"];
  readonly text: RegExp;
}

async function assertWrong(verifier: Verifier, { kind, text: pattern }: Expected): Promise<void> {
  const { valid, finding } = await verifyRound(verifier, 1n);
  assert.equal(valid, false);
  assert.equal(finding?.kind, kind, finding?.text);
  assert.match(finding?.text ?? "", pattern);
}

function payloadOf(envelope: string): string {
  return toHex(decodeEnvelope(fromBase64(envelope)).payloadHash);
}

/** The real node, except that `bytes` are altered in one account. */
async function alteringRpc(
  t: TestContext,
  rpc: string,
  account: string,
  bytes: Uint8Array,
): Promise<string> {
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    const answer = await fetch(rpc, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const result = await answer.json();
    const { method, params } = JSON.parse(body);
    if (method === "getAccountInfo" && params[0] === account) {
      const data = Buffer.from(result.result.value.data[0], "base64");
      const at = data.indexOf(bytes);
      assert.ok(at > 0);
      data[at] = (data[at] ?? 0) ^ 1;
      result.result.value.data[0] = data.toString("base64");
    }
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}
