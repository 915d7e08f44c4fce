import {
  MINT_LENGTH,
  mintCreate,
  mintTo,
  TOKEN_PROGRAM,
  tokenAccountAddress,
  tokenAccountCreate,
} from "@plenary/chain";
import type { PublicKey } from "@solana/web3.js";
import { keypairOf, type TestChain } from "./test-chain.ts";

export const DECIMALS = 6;

/** A mint without extensions. */
export function createMint(
  chain: TestChain,
  label: string,
  tokenProgram = TOKEN_PROGRAM,
): PublicKey {
  const treasury = chain.actor("treasury");
  const mint = keypairOf(label);
  const payer = treasury.publicKey;
  const rent = Number(chain.svm.minimumBalanceForRentExemption(BigInt(MINT_LENGTH)));
  const key = mint.publicKey;
  const create = mintCreate({
    payer,
    mint: key,
    authority: payer,
    decimals: DECIMALS,
    rent,
    tokenProgram,
  });
  chain.run("mint", create, [treasury, mint]);
  return key;
}

/**
 * Mints to the owner's associated token account, which it creates if needed; returns its address.
 */
export function issue(
  chain: TestChain,
  mint: PublicKey,
  owner: PublicKey,
  amount: bigint,
): PublicKey {
  const treasury = chain.actor("treasury");
  const tokenProgram = chain.owner(mint);
  const destination = tokenAccountAddress(mint, owner, tokenProgram);
  const create = tokenAccountCreate({ payer: treasury.publicKey, mint, owner, tokenProgram });
  const supply = mintTo({ mint, authority: treasury.publicKey, destination, amount, tokenProgram });
  chain.run("mint", [...create, ...supply], [treasury]);
  return destination;
}
