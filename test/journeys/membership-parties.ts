/** Files, neighbours and accounts around the member of the membership journey. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sendTransaction, tokenAccountAddress, tokenAccountCreate } from "@plenary/chain";
import { connectTo, joinFederation, openAccess, openFederation, requestSol } from "@plenary/sdk";
import { createCloseAccountInstruction } from "@solana/spl-token";
import { Keypair } from "@solana/web3.js";
import type { Founded, Ground } from "./local-federation.ts";

/** The answers of one group, as a file. */
export async function writeAnswers({ dataset }: Founded, path: string): Promise<string> {
  const [mine = ""] = dataset.split(7).training;
  const [group] = dataset.answersOf([mine]).groups;
  const rows = group?.answers.map((answer) => JSON.stringify({ ...answer, group: mine })) ?? [];
  await writeFile(path, rows.join("\n"));
  return path;
}

/** The second member, without which no round closes. Each call takes it through one round. */
export async function startNeighbour(
  { stack, folder }: Ground,
  founded: Founded,
): Promise<() => Promise<void>> {
  const keypair = Keypair.generate();
  await founded.equip(keypair.publicKey);
  const options = { service: stack.serviceUrl, rpc: stack.rpcUrl, keypair };
  await joinFederation(await openAccess(options), { keypair });
  const [, other = ""] = founded.dataset.split(7).training;
  const answers = founded.dataset.answersOf([other]);
  const federation = await openFederation(options);
  const member = await federation.join({ keypair, answers, state: join(folder, "neighbour") });
  return async () => {
    for await (const { outcome } of member.train({ rounds: 1 })) assert.equal(outcome, "counted");
  };
}

/** A token account of the reward token that is closed once `use` has named it. */
export async function closedAccount(
  { stack }: Ground,
  { rewardMint: mint }: Founded,
  use: (address: string) => Promise<void>,
): Promise<string> {
  const connection = connectTo(stack.rpcUrl);
  const wallet = Keypair.generate();
  const owner = wallet.publicKey;
  await requestSol(connection, owner, 1);
  const account = tokenAccountAddress(mint, owner);
  await sendTransaction(connection, tokenAccountCreate({ payer: owner, mint, owner }), [wallet]);
  await use(account.toBase58());
  const close = createCloseAccountInstruction(account, owner, owner);
  await sendTransaction(connection, [close], [wallet]);
  return account.toBase58();
}
