import { createAssociatedTokenAccountIdempotentInstruction } from "@solana/spl-token";
import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { tokenAccountAddress } from "../addresses.ts";

export interface TokenAccountCreate {
  readonly payer: PublicKey;
  readonly mint: PublicKey;
  readonly owner: PublicKey;
}

/** Creates the owner's associated token account if it does not exist. */
export function tokenAccountCreate(input: TokenAccountCreate): TransactionInstruction[] {
  const address = tokenAccountAddress(input.mint, input.owner);
  return [createAssociatedTokenAccountIdempotentInstruction(input.payer, address, input.owner, input.mint)];
}
