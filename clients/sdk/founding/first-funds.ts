import {
  bondDeposit,
  type Federation,
  readTokenProgram,
  sendTransaction,
  tokenAccountAddress,
  vaultAddress,
  vaultFund,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { tokenBalance } from "../chain-state/index.ts";
import type { CreateFederationOptions } from "./create-options.ts";
import { mintTo } from "./reward-mint.ts";

/** Fills the vault up to what the funded rounds can pay. */
export async function fundVault(
  options: CreateFederationOptions,
  program: PublicKey,
  federation: Federation,
): Promise<void> {
  const { connection, authority } = options;
  const { address, rewardMint, rewardPerRound } = federation;
  const wanted = rewardPerRound * BigInt(options.fundedRounds ?? 1_000);
  const missing = wanted - (await tokenBalance(connection, vaultAddress(program, address)));
  if (missing <= 0n || federation.totalClaimed > 0n) return;
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  const source = await provide(options, rewardMint, tokenProgram, authority, missing);
  const funder = authority.publicKey;
  const fund = { federation: address, rewardMint, tokenProgram, funder, source, amount: missing };
  const reference = await sendTransaction(connection, vaultFund(program, fund), [authority], {
    signal: options.signal,
  });
  options.onStep?.({ step: "vault", reference });
}

export async function postBond(
  options: CreateFederationOptions,
  program: PublicKey,
  federation: Federation,
): Promise<void> {
  const { connection, aggregator } = options;
  const { address, rewardMint } = federation;
  const missing = federation.minimumBond - federation.bond;
  if (missing <= 0n) return;
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  const source = await provide(options, rewardMint, tokenProgram, aggregator, missing);
  const deposit = {
    federation: address,
    rewardMint,
    tokenProgram,
    aggregator: aggregator.publicKey,
    source,
    amount: missing,
  };
  const instructions = bondDeposit(program, deposit);
  const reference = await sendTransaction(connection, instructions, [aggregator], {
    signal: options.signal,
  });
  options.onStep?.({ step: "bond", reference });
}

/** Sees to it that an owner's token account holds an amount: by minting, where the mint was made here. Returns its address. */
async function provide(
  options: CreateFederationOptions,
  mint: PublicKey,
  tokenProgram: PublicKey,
  owner: Keypair,
  amount: bigint,
): Promise<PublicKey> {
  const { connection, authority } = options;
  const account = tokenAccountAddress(mint, owner.publicKey, tokenProgram);
  const held = await tokenBalance(connection, account);
  if (held >= amount) return account;
  if (options.rewardMint !== undefined)
    throw new PlenaryError(
      "invalid-input",
      `${owner.publicKey.toBase58()} holds ${held} of the reward token and needs ${amount}.`,
      { account: owner.publicKey.toBase58(), held: held.toString(), needed: amount.toString() },
    );
  await mintTo(connection, { authority, mint, owner: owner.publicKey, amount: amount - held });
  return account;
}
