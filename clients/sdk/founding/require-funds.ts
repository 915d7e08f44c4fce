import {
  accountLength,
  insufficientLamports,
  lamportsNeeded,
  MINT_LENGTH,
  readFederation,
  readLamports,
  readMint,
  TOKEN_ACCOUNT_LENGTH,
  tokensText,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";
import { rewardTokensOf, tokenBalance } from "../chain-state/index.ts";
import type { CreateFederationOptions } from "./create-options.ts";
import { REWARD_DECIMALS } from "./reward-mint.ts";

/** Signatures of all transactions by which the authority makes a federation and funds it. */
const SIGNATURES = 7;
const FUNDED_ROUNDS = 1_000;

/** What one party of a founding needs and has. */
export interface PartyCosts {
  readonly address: PublicKey;
  /** Fees, the rent of the accounts that are made, and the rent of its own account. */
  readonly lamports: { readonly needed: bigint; readonly held: bigint };
  /** Base units of a mint that exists; null where the founding mints what it needs. */
  readonly tokens: { readonly needed: bigint; readonly held: bigint } | null;
}

/** What founding a federation costs. */
export interface FoundingCosts {
  readonly authority: PartyCosts;
  readonly aggregator: PartyCosts;
  /** Base units that go into the vault, and the aggregator's bond. */
  readonly vault: bigint;
  readonly bond: bigint;
  /** Digits after the point of these amounts. */
  readonly decimals: number;
}

/** Reads what founding costs and what both keys have. Throws `chain-unavailable`. */
export async function foundingCosts(options: CreateFederationOptions): Promise<FoundingCosts> {
  const { connection, authority, aggregator, rewardMint, terms } = options;
  const bond = terms?.minimumBond ?? 0n;
  const vault = fundsOf(options);
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
  const isOne = authority.publicKey.equals(aggregator.publicKey);
  const party = async (
    address: PublicKey,
    needed: bigint,
    tokens: bigint,
  ): Promise<PartyCosts> => ({
    address,
    lamports: { needed, held: await readLamports(connection, address) },
    tokens:
      rewardMint === undefined
        ? null
        : { needed: tokens, held: await heldOf(options, rewardMint, address) },
  });
  const founding = await lamportsNeeded(connection, { signatures: SIGNATURES, accounts });
  const posting = bond > 0n ? await lamportsNeeded(connection, { signatures: 1 }) : 0n;
  return {
    authority: await party(authority.publicKey, founding, vault + (isOne ? bond : 0n)),
    aggregator: await party(aggregator.publicKey, posting, bond),
    vault,
    bond,
    decimals:
      rewardMint === undefined
        ? REWARD_DECIMALS
        : (await readMint(connection, rewardMint)).decimals,
  };
}

/**
 * Asks before anything is sent whether both keys can pay for all of it, so that a federation is not
 * left half made. Throws `insufficient-funds`, and `invalid-input` if a mint that exists is to be
 * used and its tokens are missing.
 */
export async function requireFunds(
  options: CreateFederationOptions,
  address: PublicKey,
): Promise<void> {
  if ((await readFederation(options.connection, address)) !== null) return;
  const { authority, aggregator, decimals } = await foundingCosts(options);
  for (const { address, lamports } of [authority, aggregator])
    if (lamports.held < lamports.needed)
      throw insufficientLamports(address.toBase58(), lamports.held, lamports.needed);
  for (const { address, tokens } of [authority, aggregator])
    if (tokens !== null && tokens.held < tokens.needed)
      throw missingTokens(address, tokens.held, tokens.needed, decimals);
}

/** What the vault is to hold at first, in base units of the reward mint. */
export function fundsOf({ plan, fundedRounds }: CreateFederationOptions): bigint {
  const { rewardPerRound, rounds } = plan.configuration;
  const funded = fundedRounds ?? (rounds.total || FUNDED_ROUNDS);
  return BigInt(rewardPerRound) * BigInt(funded);
}

async function heldOf(
  { connection }: CreateFederationOptions,
  rewardMint: PublicKey,
  owner: PublicKey,
): Promise<bigint> {
  const { account } = await rewardTokensOf(connection, { rewardMint }, owner);
  return tokenBalance(connection, account);
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
