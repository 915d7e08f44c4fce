import {
  accountLength,
  MINT_LENGTH,
  readFederation,
  requireLamports,
  TOKEN_ACCOUNT_LENGTH,
  tokensText,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";
import { rewardTokensOf, tokenBalance } from "../chain-state/index.ts";
import type { CreateFederationOptions } from "./create-options.ts";

/** Signatures of all transactions by which the authority makes a federation and funds it. */
const SIGNATURES = 7;
const FUNDED_ROUNDS = 1_000;

/**
 * Asks before anything is sent whether both keys can pay for all of it, so that a federation is not
 * left half made. Throws `insufficient-funds`, and `invalid-input` if a mint that exists is to be
 * used and its tokens are missing.
 */
export async function requireFunds(
  options: CreateFederationOptions,
  address: PublicKey,
): Promise<void> {
  const { connection, authority, aggregator, rewardMint, terms } = options;
  if ((await readFederation(connection, address)) !== null) return;
  const bond = terms?.minimumBond ?? 0n;
  const ofTheMint = [
    MINT_LENGTH,
    TOKEN_ACCOUNT_LENGTH,
    ...(bond > 0n ? [TOKEN_ACCOUNT_LENGTH] : []),
  ];
  const accounts = [
    accountLength("Federation"),
    TOKEN_ACCOUNT_LENGTH,
    TOKEN_ACCOUNT_LENGTH,
    ...(rewardMint === undefined ? ofTheMint : []),
  ];
  await requireLamports(connection, authority.publicKey, { signatures: SIGNATURES, accounts });
  if (bond > 0n) await requireLamports(connection, aggregator.publicKey);
  if (rewardMint === undefined) return;
  const isOne = authority.publicKey.equals(aggregator.publicKey);
  await requireTokens(
    options,
    rewardMint,
    authority.publicKey,
    fundsOf(options) + (isOne ? bond : 0n),
  );
  if (!isOne) await requireTokens(options, rewardMint, aggregator.publicKey, bond);
}

/** What the vault is to hold at first, in base units of the reward mint. */
export function fundsOf({ plan, fundedRounds = FUNDED_ROUNDS }: CreateFederationOptions): bigint {
  return BigInt(plan.configuration.rewardPerRound) * BigInt(fundedRounds);
}

async function requireTokens(
  { connection }: CreateFederationOptions,
  rewardMint: PublicKey,
  owner: PublicKey,
  needed: bigint,
): Promise<void> {
  if (needed === 0n) return;
  const { account, decimals } = await rewardTokensOf(connection, { rewardMint }, owner);
  const held = await tokenBalance(connection, account);
  if (held < needed) throw missingTokens(owner, held, needed, decimals);
}

export function missingTokens(
  owner: PublicKey,
  held: bigint,
  needed: bigint,
  decimals: number,
): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    `${owner.toBase58()} holds ${tokensText(held, decimals)} of the reward token and needs ${tokensText(needed, decimals)}.`,
    { account: owner.toBase58(), held: held.toString(), needed: needed.toString() },
  );
}
