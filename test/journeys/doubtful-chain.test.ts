/** What the command does with money when the node leaves open what became of a transaction. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { readTokenAccount, tokensText, vaultAddress } from "@plenary/chain";
import { connectTo, createKeypair, mintTo, REWARD_DECIMALS, requestSol } from "@plenary/sdk";
import {
  type Doubt,
  type DoubtfulNode,
  type DoubtfulOptions,
  doubtfulNode,
} from "../../services/localnet/testing/doubtful-node.ts";
import { plenary, type Ran } from "./command.ts";
import { foundFederation, startGround } from "./local-federation.ts";

const AMOUNT = 1_000n;
const text = (units: bigint) => tokensText(units, REWARD_DECIMALS);
/** How long the command is suspended: the node has forgotten the transaction by then. */
const SUSPENDED_MS = 4_000;

test("money moves once, or the command says which transaction to look at", async (t) => {
  const ground = await startGround(t);
  const { serviceUrl: service, rpcUrl } = ground.stack;
  const founded = await foundFederation(ground, { total: 1 });
  const connection = connectTo(rpcUrl);
  const funder = join(ground.folder, "funder");
  const owner = (await createKeypair(funder)).publicKey;
  const { authority, rewardMint: mint } = founded;
  await requestSol(connection, owner, 1);
  await mintTo(connection, { authority, mint, owner, amount: 10n * AMOUNT });
  const vault = vaultAddress(ground.stack.program, founded.address);
  const held = async () => (await readTokenAccount(connection, vault))?.amount ?? 0n;

  /** Funds the vault through a doubtful node, and checks that it was funded once. */
  async function fundThrough(
    doubt: Doubt,
    options: DoubtfulOptions = {},
    interfere?: (node: DoubtfulNode, signal: (name: NodeJS.Signals) => void) => Promise<void>,
  ): Promise<{ ran: Ran; signature: string; before: bigint }> {
    const node = await doubtfulNode(rpcUrl, doubt, options);
    try {
      const before = await held();
      const args = ["--rpc", node.url, "--federation", founded.address.toBase58()];
      const fund = ["federation", "fund", text(AMOUNT), ...args, "--keypair", funder];
      const ran = await plenary(
        fund,
        (child) => void interfere?.(node, (name) => child.kill(name)),
      );
      assert.equal(await held(), before + AMOUNT, ran.output);
      assert.equal(node.sent.length, 1);
      return { ran, signature: node.sent[0] ?? "", before };
    } finally {
      await node.close();
    }
  }

  await t.test("a node that is behind", async () => {
    const { ran, signature, before } = await fundThrough("stale");
    assert.equal(ran.code, 0, ran.output);
    assert.match(ran.output, new RegExp(signature));
    assert.match(
      ran.output,
      new RegExp(`it held ${text(before)} tokens, holds ${text(before + AMOUNT)}`),
    );
  });

  await t.test("a computer that sleeps until the node has forgotten", async () => {
    const limits = { confirmsAfter: 1_000, forgetsAfter: 2_000 };
    const { ran, signature } = await fundThrough("cache", limits, async (node, signal) => {
      await node.accepted;
      signal("SIGSTOP");
      await setTimeout(SUSPENDED_MS);
      signal("SIGCONT");
    });
    assert.equal(ran.code, 0, ran.output);
    assert.match(ran.output, new RegExp(signature));
  });

  await t.test("a node that goes away", async () => {
    const { ran, signature } = await fundThrough("away");
    assert.equal(ran.code, 6, ran.output);
    assert.match(ran.output, new RegExp(`unknown: look at ${signature}`));
  });

  await t.test("SOL that does not suffice for the rent of a member", async () => {
    const file = join(ground.folder, "poor");
    const poor = (await createKeypair(file)).publicKey;
    await requestSol(connection, poor, 0.001);
    const args = ["join", "--rpc", rpcUrl, "--service", service, "--keypair", file];
    const refused = await plenary(args);
    assert.equal(refused.code, 2, refused.output);
    assert.match(refused.output, new RegExp(`${poor.toBase58()} holds 0.001 SOL.* need 0.00`));
  });
});
