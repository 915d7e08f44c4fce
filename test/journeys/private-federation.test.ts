/**
 * A private federation from its founding to its pay: members read it by signed requests, and
 * strangers read nothing.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ENDPOINTS } from "@plenary/protocol";
import {
  claimRewards,
  createServiceClient,
  openAccess,
  openFederation,
  openVerifier,
  readStatus,
  verifyRound,
} from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { plenary } from "./command.ts";
import { foundFederation, runMembers, startGround } from "./local-federation.ts";

test("only its members train in, earn from and verify a private federation", async (t) => {
  const ground = await startGround(t);
  const { serviceUrl: service, rpcUrl: rpc } = ground.stack;
  const founded = await foundFederation(ground, { total: 1 }, 1, { private: true });
  const federation = founded.address.toBase58();
  const [member] = await runMembers(ground, founded);
  assert.ok(member);
  const options = { service, rpc, federation };

  await t.test("a member sees its updates, is paid, and verifies the round", async () => {
    const access = await openAccess({ ...options, keypair: member });
    const status = await readStatus(access, member.publicKey);
    assert.equal(status.member?.counted, 1);
    assert.ok((await claimRewards(access, member, { waitMilliseconds: 300_000 })).amount > 0n);
    const found = await verifyRound(await openVerifier({ ...options, keypair: member }), 1n);
    assert.deepEqual([found.valid, found.counted], [true, 2]);
    const { authority } = founded;
    assert.equal(
      (await verifyRound(await openVerifier({ ...options, keypair: authority }), 1n)).valid,
      true,
    );
  });

  await t.test("strangers are told why they see nothing, which is not a wrong round", async () => {
    const stranger = Keypair.generate();
    const params = { federation, round: "1" };
    const client = createServiceClient({ url: service });
    for (const endpoint of [
      ENDPOINTS.roundRead,
      ENDPOINTS.updateList,
      ENDPOINTS.manifestRead,
    ] as const)
      await assert.rejects(client.call(endpoint, { params }), { code: "signature-invalid" });
    await assert.rejects(openFederation(options), { code: "invalid-input", message: /private/ });
    await assert.rejects(openFederation({ ...options, keypair: stranger }), {
      code: "not-found",
    });
    await assert.rejects(openVerifier(options), { code: "invalid-input", message: /private/ });
    await assert.rejects(openVerifier({ ...options, keypair: stranger }), {
      code: "member-unknown",
    });
  });

  await t.test("the command signs with --keypair, and says if it is missing", async () => {
    const file = join(ground.folder, "member.json");
    await writeFile(file, JSON.stringify([...member.secretKey]), { mode: 0o600 });
    const common = ["--service", service, "--rpc", rpc, "--federation", federation, "--json"];
    for (const args of [
      ["verify", "1"],
      ["status"],
      ["export", join(ground.folder, "model.onnx")],
    ]) {
      const signed = await plenary([...args, ...common, "--keypair", file]);
      assert.equal(signed.code, 0, signed.output);
      const unsigned = await plenary([...args, ...common]);
      assert.notEqual(unsigned.code, 0);
      assert.match(unsigned.output, /private|sign/);
    }
  });

  await t.test("anyone who is given the bytes can verify them against the chain", async () => {
    const verifier = await openVerifier({ rpc, federation, blobs: ground.blobs });
    assert.equal((await verifyRound(verifier, 1n)).valid, true);
  });
});
