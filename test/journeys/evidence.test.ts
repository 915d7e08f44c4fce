/**
 * Evidence in a file: a receipt without a leaf costs the aggregator its bond, and two updates with
 * one sequence cost the member its stake.
 */
import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readFederation, tokenAccountAddress } from "@plenary/chain";
import {
  decodeEnvelope,
  decodeReceipt,
  encodeEnvelope,
  encodeReceipt,
  fromBase64,
  signMessage,
  toBase58,
  toBase64,
} from "@plenary/protocol";
import { connectTo, createKeypair, readKeypair, tokenBalance } from "@plenary/sdk";
import { plenary } from "./command.ts";
import { foundFederation, runMembers, STAKE, startGround } from "./local-federation.ts";

/** Seconds: omissions are proved within the challenge window, which outlasts any machine here. */
const WINDOW = 600;

test("an omission and an equivocation are proved from files", async (t) => {
  const ground = await startGround(t);
  const founded = await foundFederation(ground, { total: 1 }, WINDOW);
  const [keypair] = await runMembers(ground, founded);
  assert.ok(keypair);
  const { rpcUrl: rpc, serviceUrl: service } = ground.stack;
  const connection = connectTo(rpc);
  const file = (name: string) => join(ground.folder, name);
  const state = file("member-0");
  const record = async () => JSON.parse(await readFile(join(state, "rounds/1.json"), "utf8"));
  const stranger = async (name: string) => {
    await createKeypair(file(name));
    const { publicKey } = await readKeypair(file(name));
    await founded.equip(publicKey);
    return tokenAccountAddress(founded.rewardMint, publicKey);
  };
  const omission = [
    "prove-omission",
    "1",
    file("omission.json"),
    "--rpc",
    rpc,
    "--service",
    service,
  ];

  await t.test("an update with a leaf was not omitted", async () => {
    const { code, output } = await plenary([...omission, "--state", state]);
    assert.equal(code, 5);
    assert.match(output, /Nothing was omitted: leaf \d of round 1 is this member's update/);
  });

  await t.test("a member that signs twice with one sequence loses its stake", async () => {
    const { envelope } = await record();
    const first = fromBase64(envelope);
    const second = encodeEnvelope({ ...decodeEnvelope(first), weight: 1 });
    const signed = (message: Uint8Array) => ({
      envelope: toBase64(message),
      signature: toBase64(signMessage(message, keypair.secretKey)),
    });
    const signingKey = toBase58(keypair.publicKey.toBytes());
    const evidence = { version: 1, kind: "equivocation", signingKey };
    const tokens = await stranger("reporter.json");
    const report = ["report-equivocation", file("equivocation.json"), "--rpc", rpc];
    report.push("--keypair", file("reporter.json"));
    const write = (other: Uint8Array) =>
      writeFile(
        file("equivocation.json"),
        JSON.stringify({ ...evidence, first: signed(first), second: signed(other) }),
      );
    await write(first);
    assert.match(
      (await plenary(report)).output,
      /not prove an equivocation: the two envelopes are the same/,
    );
    await write(second);
    const { code, output } = await plenary(report);
    assert.equal(code, 0, output);
    assert.match(output, /signed two updates \d+ for round 1: its stake is taken/);
    assert.equal(await tokenBalance(connection, tokens), STAKE + STAKE / 2n);
    assert.equal((await plenary(report)).code, 4);
    await createKeypair(file("slashed.json"), keypair);
    const home = await plenary([
      "withdraw",
      "--rpc",
      rpc,
      "--service",
      service,
      "--keypair",
      file("slashed.json"),
    ]);
    assert.deepEqual(
      [home.code, /the stake was taken, because two updates/.test(home.output)],
      [0, true],
      home.output,
    );
  });

  await t.test("a receipt without a leaf voids the round", async () => {
    const copy = file("omitted-member");
    await cp(state, copy, { recursive: true });
    // The aggregator promises a later update, and has no leaf for it.
    const kept = await record();
    const promised = decodeReceipt(fromBase64(kept.receipt.receipt));
    const receipt = encodeReceipt({ ...promised, sequence: promised.sequence + 1n });
    const signature = toBase64(signMessage(receipt, ground.aggregator.secretKey));
    kept.receipt = { ...kept.receipt, receipt: toBase64(receipt), signature };
    await writeFile(join(copy, "rounds/1.json"), JSON.stringify(kept));
    const proved = await plenary([...omission, "--state", copy]);
    assert.equal(proved.code, 0, proved.output);
    assert.match(
      proved.output,
      /holds a receipt for its update \d+ of round 1, and leaf \d is another/,
    );
    const check = ["check-omission", file("omission.json"), "--rpc", rpc];
    assert.equal((await plenary(check)).code, 0);

    const bond = (await readFederation(connection, founded.address))?.bond ?? 0n;
    await createKeypair(file("poor.json"));
    const unpaid = await plenary([
      ...omission,
      "--state",
      copy,
      "--submit",
      "--keypair",
      file("poor.json"),
    ]);
    assert.match(unpaid.output, /needs a deposit of 0\.3125 of the reward token/);
    // A stranger with the file has nothing else: no receipt of its own, and no service to ask.
    const tokens = await stranger("challenger.json");
    const { code, output } = await plenary([
      ...check,
      "--submit",
      "--keypair",
      file("challenger.json"),
    ]);
    assert.equal(code, 0, output);
    assert.match(output, /the dispute is won \(member-omitted\): the round is void/);
    assert.equal(await tokenBalance(connection, tokens), STAKE + bond / 2n);
    assert.match((await plenary(check)).output, /Round 1 is void on chain/);
  });

  await t.test("an altered proof is refused", async () => {
    const proof = JSON.parse(await readFile(file("omission.json"), "utf8"));
    await writeFile(file("bent.json"), JSON.stringify({ ...proof, updateCount: "two" }));
    const { code, output } = await plenary(["check-omission", file("bent.json"), "--rpc", rpc]);
    assert.equal(code, 2);
    assert.match(output, /Proof of omission: updateCount/);
  });
});
