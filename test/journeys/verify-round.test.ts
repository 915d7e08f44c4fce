/** Whatever a Round account says that does not follow from the public bytes is found and named. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { type Round, readRound, roundAddress } from "@plenary/chain";
import { connectTo, openFederation } from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { foundFederation, startGround } from "./local-federation.ts";

const ALTERED = {
  "base model root": "baseRoot",
  "updates root": "updatesRoot",
  "next model root": "nextRoot",
  "rewards root": "rewardsRoot",
} as const satisfies Record<string, keyof Round>;

test("a round verifies, and does not with any root altered", async (t) => {
  const ground = await startGround(t);
  const { serviceUrl: service, rpcUrl: rpc } = ground.stack;
  const founded = await foundFederation(ground, { total: 1 });
  const groups = founded.dataset.split(7).training;
  const federation = await openFederation({ service, rpc });
  await Promise.all(
    [0, 1].map(async (index) => {
      const keypair = Keypair.generate();
      await founded.equip(keypair.publicKey);
      const answers = founded.dataset.answersOf([groups[index] ?? ""]);
      const state = join(ground.folder, `member-${index}`);
      const member = await federation.join({ keypair, answers, state });
      for await (const { outcome } of member.train()) assert.equal(outcome, "counted");
      await member.close();
    }),
  );
  const found = await federation.verifyRound(1n);
  assert.deepEqual([found.valid, found.difference, found.counted, found.uncheckedKeys], [true, null, 2, 0]);
  assert.ok(found.comparisons.every(({ equal }) => equal));

  const address = roundAddress(federation.program, federation.address, 1n);
  const round = await readRound(connectTo(rpc), address);
  assert.ok(round);
  for (const [name, field] of Object.entries(ALTERED)) {
    const altered = await openFederation({
      service,
      rpc: await alteringRpc(t, rpc, address.toBase58(), round[field]),
    });
    const { valid, difference } = await altered.verifyRound(1n);
    assert.equal(valid, false);
    // A base that is altered makes every envelope one for another model.
    assert.match(
      difference ?? "",
      name === "base model root" ? /base/ : new RegExp(`^The ${name} on chain is`),
    );
  }
  await assert.rejects(federation.verifyRound(2n), { code: "not-found", message: /not on chain/ });
});

/** The real node, but for one account in which `bytes` are altered. */
async function alteringRpc(t: TestContext, rpc: string, account: string, bytes: Uint8Array): Promise<string> {
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
