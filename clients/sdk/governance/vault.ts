import {
  type Federation,
  sendTransaction,
  tokenAccountCreate,
  vaultFund,
  vaultWithdraw,
} from "@plenary/chain";
import type { Connection, Keypair } from "@solana/web3.js";
import {
  type ChainAccess,
  type ChainOptions,
  requireAmount,
  requireFederation,
  requireFees,
  rewardTokensOf,
  tokenBalance,
} from "../chain-state/index.ts";
import { requireAuthority } from "./authority.ts";

/** Amounts in base units of the reward mint. */
export interface VaultChange {
  /** What was moved; 0 when there was nothing to do. */
  readonly amount: bigint;
  /** What the vault holds now. */
  readonly held: bigint;
  /** How much of that is earned, promised or reserved for the open round. */
  readonly owed: bigint;
  readonly transaction: string | null;
}

/** Adds rewards to the vault from the funder's associated token account; anyone may. Throws `invalid-input` without the tokens or SOL. */
export async function fundVault(
  context: ChainAccess,
  funder: Keypair,
  amount: bigint,
  { signal }: ChainOptions = {},
): Promise<VaultChange> {
  const { connection, program, address } = context;
  const federation = await requireFederation(context);
  const { rewardMint } = federation;
  const key = funder.publicKey;
  const { tokenProgram, account } = await rewardTokensOf(connection, federation, key);
  const held = await tokenBalance(connection, account);
  requireAmount(
    amount,
    held,
    `${key.toBase58()} holds of the reward token ${rewardMint.toBase58()}`,
  );
  await requireFees(connection, key);
  const fund = {
    federation: address,
    rewardMint,
    tokenProgram,
    funder: key,
    source: account,
    amount,
  };
  const transaction = await sendTransaction(connection, vaultFund(program, fund), [funder], {
    signal,
  });
  return {
    amount,
    transaction,
    ...(await readVault(connection, await requireFederation(context))),
  };
}

/**
 * Takes out of the vault, into the authority's associated token account, what is neither earned, promised nor reserved for the open round:
 * an amount, or all of that. Throws `not-authority`, and `invalid-input` saying how much is free.
 */
export async function withdrawVault(
  context: ChainAccess,
  authority: Keypair,
  amount?: bigint,
  { signal }: ChainOptions = {},
): Promise<VaultChange> {
  const { connection, program, address } = context;
  const federation = await requireFederation(context);
  const { rewardMint } = federation;
  const key = authority.publicKey;
  requireAuthority(federation, key);
  const before = await readVault(connection, federation);
  const free = before.held > before.owed ? before.held - before.owed : 0n;
  if (amount === undefined && free === 0n) return { amount: 0n, ...before, transaction: null };
  const taken = amount ?? free;
  requireAmount(
    taken,
    free,
    `the vault can spare (it holds ${before.held} and owes ${before.owed})`,
  );
  await requireFees(connection, key);
  const { tokenProgram, account } = await rewardTokensOf(connection, federation, key);
  const withdraw = {
    federation: address,
    rewardMint,
    tokenProgram,
    authority: key,
    destination: account,
  };
  const instructions = [
    ...tokenAccountCreate({ payer: key, mint: rewardMint, owner: key, tokenProgram }),
    ...vaultWithdraw(program, { ...withdraw, amount: taken }),
  ];
  const transaction = await sendTransaction(connection, instructions, [authority], { signal });
  return {
    amount: taken,
    transaction,
    ...(await readVault(connection, await requireFederation(context))),
  };
}

async function readVault(
  connection: Connection,
  { vault, promised, totalClaimed, openRound, rewardPerRound }: Federation,
): Promise<Pick<VaultChange, "held" | "owed">> {
  const held = await tokenBalance(connection, vault);
  return { held, owed: promised - totalClaimed + (openRound === 0n ? 0n : rewardPerRound) };
}
