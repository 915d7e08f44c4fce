import {
  requireLamports,
  sendTransaction,
  tokenAccountCreate,
  tokensText,
  vaultFund,
  vaultWithdraw,
} from "@plenary/chain";
import type { Keypair } from "@solana/web3.js";
import {
  type ChainAccess,
  type ChainOptions,
  lengthsToMake,
  readChanged,
  requireAmount,
  requireFederation,
  rewardTokensOf,
  tokenBalance,
} from "../chain-state/index.ts";
import { requireAuthority } from "./authority.ts";

/** Amounts in base units of the reward mint. */
export interface VaultChange {
  /** What was moved; 0 if there was nothing to do. */
  readonly amount: bigint;
  /** What the vault held before. */
  readonly before: bigint;
  /** What the vault holds now. */
  readonly held: bigint;
  /** How much of that is earned, promised or reserved for the open round. */
  readonly owed: bigint;
  readonly transaction: string | null;
}

/**
 * Adds rewards to the vault from the funder's associated token account. Anyone may. Throws
 * `invalid-input` without the tokens, `insufficient-funds` without SOL, `transaction-failed` and
 * `transaction-unknown`.
 */
export async function fundVault(
  context: ChainAccess,
  funder: Keypair,
  amount: bigint,
  { signal }: ChainOptions = {},
): Promise<VaultChange> {
  const { connection, program, address } = context;
  const federation = await requireFederation(context);
  const { rewardMint, vault } = federation;
  const key = funder.publicKey;
  const { tokenProgram, account, decimals } = await rewardTokensOf(connection, federation, key);
  const held = await tokenBalance(connection, account);
  requireAmount(
    amount,
    held,
    `${key.toBase58()} holds of the reward token ${rewardMint.toBase58()}`,
    decimals,
  );
  await requireLamports(connection, key);
  const fund = {
    federation: address,
    rewardMint,
    tokenProgram,
    funder: key,
    source: account,
    amount,
  };
  const before = await tokenBalance(connection, vault);
  const instructions = vaultFund(program, fund);
  const transaction = await sendTransaction(connection, instructions, [funder], { signal });
  return { amount, before, transaction, ...(await readVault(context, before)) };
}

/**
 * Takes rewards out of the vault, into the authority's associated token account: an amount, or all
 * that is neither earned nor promised nor reserved for the open round. Throws `not-authority`,
 * `invalid-input` with the amount that is free, `insufficient-funds`, `transaction-failed` and
 * `transaction-unknown`.
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
  const { held: before, owed } = await readVault(context);
  const free = before > owed ? before - owed : 0n;
  if (amount === undefined && free === 0n)
    return { amount: 0n, before, held: before, owed, transaction: null };
  const taken = amount ?? free;
  const { tokenProgram, account, decimals } = await rewardTokensOf(connection, federation, key);
  const [holds, owes] = [before, owed].map((units) => tokensText(units, decimals));
  const what = `the vault can spare (it holds ${holds} and owes ${owes})`;
  requireAmount(taken, free, what, decimals);
  const accounts = await lengthsToMake(connection, account);
  await requireLamports(connection, key, { signatures: 1, accounts });
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
  return { amount: taken, before, transaction, ...(await readVault(context, before)) };
}

/** What the vault holds and owes now. After a transaction, `before` is what it held before. */
export async function readVault(
  context: ChainAccess,
  before?: bigint,
): Promise<Pick<VaultChange, "held" | "owed">> {
  const { vault, promised, totalClaimed, openRound, rewardPerRound } =
    await requireFederation(context);
  const read = () => tokenBalance(context.connection, vault);
  const held = await (before === undefined ? read() : readChanged(read, before));
  return { held, owed: promised - totalClaimed + (openRound === 0n ? 0n : rewardPerRound) };
}
