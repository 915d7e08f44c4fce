import {
  bondDeposit,
  type Federation,
  readMint,
  readTokenProgram,
  sendTransaction,
  tokenAccountAddress,
  vaultAddress,
  vaultFund,
} from "@plenary/chain";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { readChanged, requireFederation, tokenBalance } from "../chain-state/index.ts";
import type { CreateFederationOptions } from "./create-options.ts";
import { fundsOf, missingTokens } from "./require-funds.ts";
import { mintTo } from "./reward-mint.ts";

/** Fills the vault up to what the funded rounds can pay. */
export async function fundVault(
  options: CreateFederationOptions,
  program: PublicKey,
  federation: Federation,
): Promise<void> {
  const { connection, authority } = options;
  const { address, rewardMint } = federation;
  const vault = vaultAddress(program, address);
  const before = await tokenBalance(connection, vault);
  const missing = fundsOf(options) - before;
  if (missing <= 0n || federation.totalClaimed > 0n) return;
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  const source = await provide(options, rewardMint, tokenProgram, authority, missing);
  const funder = authority.publicKey;
  const fund = { federation: address, rewardMint, tokenProgram, funder, source, amount: missing };
  const reference = await sendTransaction(connection, vaultFund(program, fund), [authority], {
    signal: options.signal,
  });
  const after = await readChanged(() => tokenBalance(connection, vault), before);
  options.onStep?.({ step: "vault", reference, moved: { amount: missing, before, after } });
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
  const read = async () => (await requireFederation({ connection, address })).bond;
  const before = federation.bond;
  const after = await readChanged(read, before);
  options.onStep?.({ step: "bond", reference, moved: { amount: missing, before, after } });
}

/** Makes an owner's token account hold an amount, by minting if the mint was made here. */
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
  if (options.rewardMint !== undefined) {
    const { decimals } = await readMint(connection, mint);
    throw missingTokens(owner.publicKey, held, amount, decimals);
  }
  await mintTo(connection, { authority, mint, owner: owner.publicKey, amount: amount - held });
  return account;
}
