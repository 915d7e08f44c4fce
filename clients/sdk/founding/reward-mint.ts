import {
  MINT_LENGTH,
  mintCreate,
  mintTo as mintToInstructions,
  sendTransaction,
  tokenAccountCreate,
  unreachable,
} from "@plenary/chain";
import { sha256 } from "@plenary/protocol";
import { type Connection, Keypair, type PublicKey } from "@solana/web3.js";
import { rewardTokensOf } from "../chain-state/index.ts";
import type { CreateStep } from "./create-options.ts";

/** Digits after the point of a reward token that is made here. */
export const REWARD_DECIMALS = 6;

/**
 * Makes an SPL token that the authority mints, for rewards, stakes and the bond. Its address
 * follows from authority and id, so that founding a federation again after a failure finds it.
 */
export async function createRewardMint(
  connection: Connection,
  authority: Keypair,
  id: bigint,
  onStep?: (step: CreateStep) => void,
): Promise<PublicKey> {
  const label = new TextEncoder().encode(`plenary/mint/1\n${id}`);
  const mint = Keypair.fromSeed(sha256(label, authority.secretKey.subarray(0, 32)));
  const existing = await connection
    .getAccountInfo(mint.publicKey, "confirmed")
    .catch(unreachable(connection));
  if (existing !== null) return mint.publicKey;
  const rent = await connection
    .getMinimumBalanceForRentExemption(MINT_LENGTH)
    .catch(unreachable(connection));
  const payer = authority.publicKey;
  const instructions = mintCreate({
    payer,
    mint: mint.publicKey,
    authority: payer,
    decimals: REWARD_DECIMALS,
    rent,
  });
  const reference = await sendTransaction(connection, instructions, [authority, mint]);
  onStep?.({ step: "mint", reference });
  return mint.publicKey;
}

/** Reward tokens to mint, for whom, and by which authority. */
export interface MintTo {
  /** The mint's authority. It pays. */
  readonly authority: Keypair;
  readonly mint: PublicKey;
  readonly owner: PublicKey;
  /** Base units. */
  readonly amount: bigint;
}

/**
 * Mints reward tokens into the owner's token account, which is made if it does not exist: for a
 * member's stake, for example.
 */
export async function mintTo(
  connection: Connection,
  { authority, mint, owner, amount }: MintTo,
): Promise<string> {
  const { tokenProgram, account: destination } = await rewardTokensOf(
    connection,
    { rewardMint: mint },
    owner,
  );
  const instructions = [
    ...tokenAccountCreate({ payer: authority.publicKey, mint, owner, tokenProgram }),
    ...mintToInstructions({
      mint,
      authority: authority.publicKey,
      destination,
      amount,
      tokenProgram,
    }),
  ];
  return sendTransaction(connection, instructions, [authority]);
}
