/**
 * The operator of a federation pauses it, hands it over, and fills its vault and its bond with the
 * command. The service follows.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parseTokens, readFederation, tokensText } from "@plenary/chain";
import {
  connectTo,
  createKeypair,
  mintTo,
  openAccess,
  REWARD_DECIMALS,
  readStatus,
} from "@plenary/sdk";
import { plenary, type Ran } from "./command.ts";
import { foundFederation, STAKE, startGround } from "./local-federation.ts";

const text = (units: bigint) => tokensText(units, REWARD_DECIMALS);

test("pause, hand-over, vault and bond from the terminal", async (t) => {
  const ground = await startGround(t);
  const { serviceUrl: service, rpcUrl: rpc } = ground.stack;
  const founded = await foundFederation(ground, { total: 1 });
  const connection = connectTo(rpc);
  const file = (name: string) => join(ground.folder, name);
  await createKeypair(file("authority"), founded.authority);
  await createKeypair(file("aggregator"), ground.aggregator);
  const heir = await createKeypair(file("heir"));
  await founded.equip(heir.publicKey);
  const federation = founded.address.toBase58();
  const chain = ["--rpc", rpc, "--federation", federation, "--json"];
  const by = (key: string) => [...chain, "--service", service, "--keypair", file(key)];
  const onChain = async () => {
    const account = await readFederation(connection, founded.address);
    assert.ok(account);
    return account;
  };
  const status = async () =>
    (await readStatus(await openAccess({ service, rpc }))).federation.status;

  await t.test("a pause binds the chain and shows at the service", async () => {
    const paused = await plenary(["federation", "pause", ...by("authority")]);
    assert.deepEqual(eventsOf(paused), ["federation-paused", "service-paused"], paused.output);
    assert.equal(paused.lines[1]?.status, "paused");
    const again = await plenary(["federation", "pause", ...by("authority")]);
    assert.deepEqual([again.code, again.lines[0]?.transaction], [0, null]);
    const late = await plenary(["join", ...by("heir")]);
    assert.equal(late.code, 4);
    assert.match(late.output, /The federation is paused/);
  });

  await t.test("the authority passes to its heir, who resumes", async () => {
    assert.match(
      (await plenary(["federation", "accept-authority", ...by("heir")])).output,
      /offered to nobody/,
    );
    assert.equal(
      (await plenary(["federation", "propose-authority", "nonsense", ...by("authority")])).code,
      2,
    );
    const address = heir.publicKey.toBase58();
    const proposed = await plenary([
      "federation",
      "propose-authority",
      address,
      ...by("authority"),
    ]);
    assert.deepEqual([proposed.code, proposed.lines[0]?.proposed], [0, address], proposed.output);
    assert.equal((await plenary(["federation", "accept-authority", ...by("heir")])).code, 0);
    assert.ok((await onChain()).authority.equals(heir.publicKey));
    const former = await plenary(["federation", "resume", ...by("authority")]);
    assert.equal(former.code, 4);
    assert.match(
      former.output,
      new RegExp(`Only the federation's authority, ${address}, may do this`),
    );
    const resumed = await plenary(["federation", "resume", ...by("heir")]);
    assert.deepEqual([resumed.code, resumed.lines[1]?.status], [0, "running"], resumed.output);
    assert.deepEqual([(await onChain()).paused, await status()], [false, "running"]);
  });

  await t.test(
    "without the service the chain is paused, and the command says what is not",
    async () => {
      const gone = ["--service", "http://127.0.0.1:9"];
      const paused = await plenary(["federation", "pause", ...by("heir"), ...gone]);
      assert.deepEqual([paused.code, eventsOf(paused)], [3, ["federation-paused"]], paused.output);
      assert.match(paused.output, /cannot be reached/);
      const alone = await plenary(["federation", "resume", ...chain, "--keypair", file("heir")]);
      assert.deepEqual([alone.code, eventsOf(alone)], [0, ["federation-resumed"]], alone.output);
    },
  );

  await t.test("anyone funds the vault, and the authority withdraws what is free", async () => {
    const { authority, rewardMint: mint } = founded;
    await mintTo(connection, {
      authority,
      mint,
      owner: heir.publicKey,
      amount: parseTokens("7.5", REWARD_DECIMALS),
    });
    assert.match(
      (await plenary(["federation", "fund", "0", ...by("heir")])).output,
      /must be above zero/,
    );
    const funded = await plenary(["federation", "fund", "7.5", ...by("heir")]);
    assert.equal(funded.code, 0, funded.output);
    const held = parseTokens(String(funded.lines[0]?.held), REWARD_DECIMALS);
    const more = text(held + 1n);
    const refused = await plenary(["federation", "withdraw", more, ...by("heir")]);
    assert.equal(refused.code, 2);
    assert.match(refused.output, new RegExp(`more than the vault can spare .*: ${text(held)}`));
    const withdrawn = await plenary(["federation", "withdraw", "7.5", ...by("heir")]);
    assert.deepEqual(
      [withdrawn.code, withdrawn.lines[0]?.held],
      [0, text(held - parseTokens("7.5", REWARD_DECIMALS))],
      withdrawn.output,
    );
  });

  await t.test("more rounds follow, and the vault pays for them", async () => {
    const other = await plenary(["federation", "extend", "--rounds", "2", ...by("authority")]);
    assert.equal(other.code, 4, other.output);
    const extended = await plenary(["federation", "extend", "--rounds", "2", ...by("heir")]);
    const { before: total, totalRounds, funded } = extended.lines[0] ?? {};
    assert.deepEqual([extended.code, total, totalRounds, funded], [0, 1, 3, null], extended.output);
  });

  await t.test("a founding is checked with the service before it costs anything", async () => {
    const create = ["federation", "create", "--dataset", "gss", "--id", "2", "--bond", "5"];
    const rest = ["--service", service, "--rpc", rpc, "--json", "--keypair", file("heir")];
    const check = (...more: string[]) => plenary([...create, ...rest, ...more]);
    const planned = await check("--aggregator", file("aggregator"), "--check");
    assert.deepEqual(
      [planned.code, eventsOf(planned)],
      [0, ["federation-plan", "federation-checked"]],
      planned.output,
    );
    assert.match(JSON.stringify(planned.lines[0]?.costs), /"vault":"1000000"/);
    const lamports = await connection.getBalance(heir.publicKey);
    const wrong = await check("--aggregator", file("heir"));
    assert.equal(wrong.code, 4, wrong.output);
    assert.match(wrong.output, /aggregates with the key .*, not with/);
    const gone = await check("--aggregator", file("aggregator"), "--service", "http://127.0.0.1:9");
    assert.equal(gone.code, 3, gone.output);
    assert.equal(await connection.getBalance(heir.publicKey), lamports);
  });

  await t.test("tokens are granted by the key that may mint them", async () => {
    const owner = founded.authority.publicKey.toBase58();
    const granted = await plenary(["federation", "grant", owner, "2.5", ...by("authority")]);
    const { amount, after } = granted.lines[0] ?? {};
    assert.deepEqual([granted.code, amount, after], [0, "2.5", "2.5"], granted.output);
    const refused = await plenary(["federation", "grant", owner, "1", ...by("heir")]);
    assert.equal(refused.code, 4);
    assert.match(refused.output, /Only .* may mint the reward token/);
  });

  await t.test("the aggregator withdraws its bond, and posts it again", async () => {
    const withdrawn = await plenary(["bond", "withdraw", ...by("aggregator")]);
    assert.deepEqual(
      [withdrawn.code, withdrawn.lines[0]?.amount],
      [0, text(STAKE)],
      withdrawn.output,
    );
    assert.match(
      (await plenary(["bond", "deposit", ...by("heir")])).output,
      /aggregator is .*, not .*: give the keypair/,
    );
    const deposited = await plenary(["bond", "deposit", ...by("aggregator")]);
    assert.deepEqual(
      [deposited.code, deposited.lines[0]?.bond],
      [0, text(STAKE)],
      deposited.output,
    );
    assert.equal((await plenary(["bond", "deposit", ...by("aggregator")])).lines[0]?.amount, "0");
    assert.equal((await onChain()).bond, STAKE);
  });
});

function eventsOf({ lines }: Ran): unknown[] {
  return lines.map(({ event }) => event);
}
