/**
 * A membership from beginning to completion, as an organisation runs it with the command: the
 * owner's key joins, and then stays away from the machine that trains. The federation is private,
 * so every key has to read with its own signature too.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseTokens, readFederation, tokensText } from "@plenary/chain";
import { fromBase64, verifySignature } from "@plenary/protocol";
import {
  connectTo,
  createKeypair,
  openFederation,
  openVerifier,
  REWARD_DECIMALS,
  requestSol,
  tokenBalance,
  verifyRound,
} from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { until } from "../../testing/index.ts";
import { plenary } from "./command.ts";
import { foundFederation, STAKE, startGround } from "./local-federation.ts";
import { closedAccount, startNeighbour, writeAnswers } from "./membership-parties.ts";

const ROUNDS = 4;
/** Seconds: longer than the test takes, which shortens it once it has seen the stake refused. */
const COOLDOWN = 600;

test("join with another key, train without the owner's, rotate, be paid elsewhere, leave, withdraw", async (t) => {
  const ground = await startGround(t);
  const plan = { private: true };
  const terms = { exitCooldown: COOLDOWN };
  const founded = await foundFederation(ground, { total: ROUNDS }, 1, plan, undefined, terms);
  const connection = connectTo(ground.stack.rpcUrl);
  const federation = founded.address.toBase58();
  const file = (name: string) => join(ground.folder, name);
  const owner = await createKeypair(file("owner"));
  const old = await createKeypair(file("old"));
  const next = await createKeypair(file("new"));
  await founded.equip(owner.publicKey);
  const common = ["--service", ground.stack.serviceUrl, "--rpc", ground.stack.rpcUrl, "--json"];
  const owners = [...common, "--keypair", file("owner")];
  const answers = await writeAnswers(founded, file("answers.jsonl"));
  const trains = [
    "--owner",
    owner.publicKey.toBase58(),
    "--data",
    answers,
    "--state",
    file("state"),
  ];
  const train = (keys: string, ...flags: string[]) =>
    plenary(["train", ...common, ...trains, "--update-key", keys, ...flags]);
  const finishRound = await startNeighbour(ground, founded);

  await t.test("the owner joins with the address of the training machine's key", async () => {
    const key = old.publicKey.toBase58();
    const joined = await plenary(["join", ...owners, "--update-key", key]);
    assert.equal(joined.code, 0, joined.output);
    assert.equal((await plenary(["join", ...owners, "--update-key", file("old")])).code, 0);
    const other = await plenary(["join", ...owners]);
    assert.equal(other.code, 2);
    assert.match(other.output, /signs its updates with .* use that key, or rotate it/);
  });

  await t.test("the training machine has no owner's key", async () => {
    const keyless = await plenary(["train", ...common, ...trains]);
    assert.match(keyless.output, /without its keypair needs --update-key/);
    const [trained] = await Promise.all([train(file("old"), "--once"), finishRound()]);
    assert.equal(trained.code, 0, trained.output);
    assert.match(trained.output, /"event":"settled","round":"1","outcome":"counted"/);
  });

  await t.test(
    "a rotated key signs from the next round on, the old key signs the open one",
    async () => {
      await untilOpen(2n);
      const rotated = await plenary(["rotate-key", file("new"), ...owners]);
      assert.equal(rotated.code, 0, rotated.output);
      assert.equal(rotated.lines[0]?.sinceRound, "3");
      const again = await plenary(["rotate-key", next.publicKey.toBase58(), ...owners]);
      assert.deepEqual([again.lines[0]?.transaction, again.lines[0]?.sinceRound], [null, "3"]);
      await newKeyWaits();
      const finish = async () => {
        for (const _ of [2, 3]) await finishRound();
      };
      const both = `${file("old")},${file("new")}`;
      const [trained] = await Promise.all([train(both, "--rounds", "2"), finish()]);
      assert.equal(trained.code, 0, trained.output);
      for (const [round, key] of [
        [2, old],
        [3, next],
      ] as const) {
        const record = JSON.parse(await readFile(file(`state/rounds/${round}.json`), "utf8"));
        assert.equal(record.outcome, "counted");
        const [envelope, signature] = [fromBase64(record.envelope), fromBase64(record.signature)];
        assert.ok(verifySignature(envelope, signature, key.publicKey.toBytes()));
        const verifier = await openVerifier({
          rpc: ground.stack.rpcUrl,
          federation,
          blobs: ground.blobs,
        });
        assert.equal((await verifyRound(verifier, BigInt(round))).valid, true);
      }
    },
  );

  await t.test("the message for a wrong key names the right one", async () => {
    await untilOpen(4n);
    const stranger = await createKeypair(file("stranger"));
    const wrong = await train(file("stranger"), "--once");
    assert.notEqual(wrong.code, 0, stranger.publicKey.toBase58());
    const late = await plenary([
      "train",
      ...owners,
      ...trains,
      "--update-key",
      `${file("stranger")},${file("old")}`,
    ]);
    assert.equal(late.code, 4);
    assert.match(late.output, new RegExp(`round 4 are signed with ${next.publicKey.toBase58()}`));
  });

  await t.test("pay goes where the owner says, if the account can receive it", async () => {
    const treasury = Keypair.generate();
    const wallet = treasury.publicKey.toBase58();
    const account = founded.tokensOf(treasury.publicKey);
    for (const [given, sentence] of [
      ["nonsense", /not the address of a token account/],
      [
        wallet,
        new RegExp(`is not a token account. If it is a wallet, .* is ${account.toBase58()}`),
      ],
    ] as const) {
      const { code, output } = await plenary(["payout", given, ...owners]);
      assert.equal(code, 2, output);
      assert.match(output, sentence);
    }
    const closed = await closedAccount(ground, founded, async (address) => {
      assert.equal((await plenary(["payout", address, ...owners])).code, 0);
    });
    const unpaid = await plenary(["claim", ...common, "--keypair", file("owner")]);
    assert.equal(unpaid.code, 4, unpaid.output);
    assert.match(unpaid.output, new RegExp(`payout account ${closed} does not exist any more`));
    assert.match(unpaid.output, /plenary payout ACCOUNT/);
    await founded.equip(treasury.publicKey);
    const set = await plenary(["payout", account.toBase58(), ...owners]);
    assert.deepEqual([set.code, set.lines[0]?.beneficiary], [0, wallet], set.output);
    assert.equal(
      (await plenary(["payout", account.toBase58(), ...owners])).lines[0]?.transaction,
      null,
    );

    const claims = [
      "claim",
      ...common,
      "--owner",
      owner.publicKey.toBase58(),
      "--update-key",
      file("new"),
    ];
    assert.match(
      (await plenary(claims)).output,
      /has no SOL, and pays this transaction's fee and rent/,
    );
    await requestSol(connection, next.publicKey, 1);
    const claimed = await plenary(claims);
    assert.equal(claimed.code, 0, claimed.output);
    const amount = parseTokens(String(claimed.lines[0]?.amount), REWARD_DECIMALS);
    assert.ok(amount > 0n);
    assert.equal(await tokenBalance(connection, account), STAKE + amount);
    assert.equal(await tokenBalance(connection, founded.tokensOf(owner.publicKey)), 0n);
  });

  await t.test(
    "a member that leaves is told when its stake is free, and gets it then",
    async () => {
      assert.match(
        (await plenary(["withdraw", ...owners])).output,
        /has not left the federation.*plenary leave/,
      );
      // With the chain alone: a service that is gone keeps no one from leaving.
      const alone = [
        "--rpc",
        ground.stack.rpcUrl,
        "--federation",
        federation,
        "--keypair",
        file("owner"),
        "--json",
      ];
      const left = await plenary(["leave", ...alone]);
      assert.deepEqual(
        [left.code, left.lines[0]?.exitRound, left.lines[0]?.stake],
        [0, "5", tokensText(STAKE, REWARD_DECIMALS)],
        left.output,
      );
      const again = await plenary(["leave", ...alone]);
      assert.deepEqual(
        { ...again.lines[0], transaction: "" },
        { ...left.lines[0], transaction: "" },
      );
      const free = new Date(1000 * Number(left.lines[0]?.freeAt)).toISOString();
      const early = await plenary(["withdraw", ...alone]);
      assert.equal(early.code, 4);
      assert.match(
        early.output,
        new RegExp(
          `5 tokens stays in escrow for now: the cooldown ends at ${free}; round 4 is open`,
        ),
      );
      assert.match(
        (await plenary(["rotate-key", file("old"), ...alone])).output,
        /has left the federation from round 5 on/,
      );

      const [trained] = await Promise.all([train(file("new"), "--once"), finishRound()]);
      assert.equal(trained.code, 0, trained.output);
      await createKeypair(file("authority"), founded.authority);
      const authoritys = [...common, "--keypair", file("authority")];
      const shorter = await plenary(["federation", "terms", "--exit-cooldown", "1", ...authoritys]);
      assert.deepEqual([shorter.code, shorter.lines[0]?.exitCooldown], [0, 1], shorter.output);
      let withdrawn = await plenary(["withdraw", ...alone]);
      await until("the stake to be free", async () => {
        if (withdrawn.code !== 4) return true;
        assert.match(withdrawn.output, /stays in escrow for now: round 4/);
        withdrawn = await plenary(["withdraw", ...alone]);
        return false;
      });
      assert.deepEqual(
        [withdrawn.code, withdrawn.lines[0]?.amount],
        [0, tokensText(STAKE, REWARD_DECIMALS)],
        withdrawn.output,
      );
      assert.equal(await tokenBalance(connection, founded.tokensOf(owner.publicKey)), STAKE);
      const nothing = await plenary(["withdraw", ...alone]);
      assert.deepEqual([nothing.code, nothing.lines[0]?.transaction], [0, null]);
      assert.match(
        (await plenary(["close-member", ...alone])).output,
        /remembers that \d+ were paid/,
      );
    },
  );

  await t.test("status shows all of it", async () => {
    const { code, output } = await plenary([
      "status",
      ...common.slice(0, 4),
      "--keypair",
      file("owner"),
    ]);
    assert.equal(code, 0, output);
    assert.match(
      output,
      new RegExp(`updates are signed with ${next.publicKey.toBase58()} since round 3`),
    );
    assert.match(output, /pay goes to \w+/);
    assert.match(output, /takes no part as of round 5; no stake is in escrow/);
  });

  /** In the open round the old key signs, so a holder of the new key waits for the next round. */
  async function newKeyWaits(): Promise<void> {
    const options = { service: ground.stack.serviceUrl, rpc: ground.stack.rpcUrl, keypair: owner };
    const part = { owner: owner.publicKey, updateKeypairs: [next], state: file("state") };
    const dealt = founded.dataset.answersOf([founded.dataset.split(7).training[0] ?? ""]);
    const member = await (await openFederation(options)).member({ ...part, answers: dealt });
    const stopper = new AbortController();
    const events: string[] = [];
    const onEvent = ({ type }: { readonly type: string }) => {
      // How good the last round's model is says nothing about this member.
      if (type === "evaluated") return;
      events.push(type);
      stopper.abort();
    };
    await assert.rejects(member.train({ onEvent, signal: stopper.signal }).next(), {
      name: "AbortError",
    });
    assert.deepEqual(events, ["waiting"]);
    await member.close();
  }

  async function untilOpen(round: bigint): Promise<void> {
    const isOpen = async () =>
      (await readFederation(connection, founded.address))?.openRound === round;
    await until(`round ${round} to open`, isOpen);
  }
});
