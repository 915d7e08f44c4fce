/**
 * A federation of known organisations: the authority admits an owner with a file, and its key never
 * meets the owner's.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readMember } from "@plenary/chain";
import {
  ENDPOINTS,
  fromBase64,
  parseOwnerAdmission,
  signMessage,
  toBase64,
} from "@plenary/protocol";
import {
  connectTo,
  createKeypair,
  createServiceClient,
  joinFederation,
  openAccess,
  requestSol,
} from "@plenary/sdk";
import { Keypair, PublicKey } from "@solana/web3.js";
import { chainPast } from "../../testing/index.ts";
import { plenary } from "./command.ts";
import { startGround } from "./local-federation.ts";

test("an admitted owner joins with a file, and no one else does", async (t) => {
  const ground = await startGround(t);
  const { serviceUrl: service, rpcUrl: rpc } = ground.stack;
  const connection = connectTo(rpc);
  const file = (name: string) => join(ground.folder, name);
  const [authority, owner, stranger] = await Promise.all(
    ["authority", "owner", "stranger"].map((name) => createKeypair(file(name))),
  );
  assert.ok(authority && owner && stranger);
  const { aggregator } = ground;
  await writeFile(file("aggregator"), JSON.stringify([...aggregator.secretKey]), { mode: 0o600 });
  for (const { publicKey } of [authority, aggregator, owner, stranger])
    await requestSol(connection, publicKey, 5);
  const common = ["--rpc", rpc, "--json"];
  const created = await plenary([
    ...["federation", "create", ...common, "--service", service, "--keypair", file("authority")],
    ...["--aggregator", file("aggregator"), "--dataset", "gss", "--members", "approved"],
    ...["--max-norm", "2.5"],
  ]);
  assert.equal(created.code, 0, created.output);
  const federation = String(created.lines.at(-1)?.address);
  const { configuration } = await createServiceClient({ url: service }).call(
    ENDPOINTS.federationRead,
    { params: { federation } },
  );
  assert.deepEqual(configuration.screening, { maxNorm: 2.5 });
  const admit = (name: string, who: PublicKey, keypair: string, ...flags: string[]) =>
    plenary([
      ...["federation", "admit", who.toBase58(), file(name), ...common],
      ...["--federation", federation, "--keypair", file(keypair), ...flags],
    ]);
  const joins = (keypair: string, ...flags: string[]) =>
    plenary(["join", ...common, "--service", service, "--keypair", file(keypair), ...flags]);

  await t.test("without an admission the owner is told whom to ask for one", async () => {
    const { code, output } = await joins("owner");
    assert.equal(code, 2);
    assert.match(
      output,
      new RegExp(
        `${authority.publicKey.toBase58()}: ask it for an admission for ${owner.publicKey.toBase58()}`,
      ),
    );
  });

  await t.test("only the authority admits", async () => {
    const { code, output } = await admit("false.json", owner.publicKey, "stranger");
    assert.equal(code, 4);
    assert.match(output, /Only the federation's authority, .* may do this/);
    const long = await admit("false.json", owner.publicKey, "authority", "--days", "1e12");
    assert.equal(long.code, 2);
    assert.match(long.output, /at most ten years/);
    await assert.rejects(readFile(file("false.json")), { code: "ENOENT" });
  });

  await t.test("an admission is for its owner, from its authority, and for a time", async () => {
    const admitted = await admit("admission.json", owner.publicKey, "authority");
    assert.equal(admitted.code, 0, admitted.output);
    assert.equal(admitted.lines[0]?.federation, federation);
    const others = await joins("stranger", "--admission", file("admission.json"));
    assert.match(others.output, /lets .* join, not/);
    const right = parseOwnerAdmission(JSON.parse(await readFile(file("admission.json"), "utf8")));
    const message = fromBase64(right.admission);
    const forged = { ...right, signature: toBase64(signMessage(message, stranger.secretKey)) };
    for (const [name, content, expected] of [
      ["forged", forged, /not signed by/],
      [
        "self",
        { ...forged, authority: stranger.publicKey.toBase58() },
        /is signed by .*, and the authority is/,
      ],
      ["bent", { ...right, admission: 7 }, /An admission: admission must be string/],
      ["cut", { ...right, admission: "" }, /not signed by/],
    ] as const) {
      await writeFile(file(name), JSON.stringify(content));
      const { code, output } = await joins("owner", "--admission", file(name));
      assert.notEqual(code, 0, name);
      assert.match(output, expected);
    }
    const brief = await admit("brief.json", owner.publicKey, "authority", "--days", "0.000001");
    assert.equal(brief.code, 0, brief.output);
    await chainPast(connection, BigInt(String(brief.lines[0]?.validUntil)));
    const over = await joins("owner", "--admission", file("brief.json"));
    assert.match(over.output, /The admission ended at .*: ask for a new one/);
  });

  await t.test("the owner joins, with the command or with the SDK", async () => {
    const joined = await joins("owner", "--admission", file("admission.json"));
    assert.equal(joined.code, 0, joined.output);
    const member = await readMember(connection, new PublicKey(String(joined.lines.at(-1)?.member)));
    assert.ok(member?.owner.equals(owner.publicKey));
    const another = Keypair.generate();
    await requestSol(connection, another.publicKey, 1);
    const admitted = await admit("another.json", another.publicKey, "authority", "--days", "30");
    assert.equal(admitted.code, 0, admitted.output);
    const admission = parseOwnerAdmission(JSON.parse(await readFile(file("another.json"), "utf8")));
    const access = await openAccess({ service, rpc });
    assert.notEqual(
      (await joinFederation(access, { keypair: another, ownerAdmission: admission })).transaction,
      null,
    );
  });
});
