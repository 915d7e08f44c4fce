import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { buildInstruction } from "../program.ts";

export interface AuthorityPropose {
  readonly federation: PublicKey;
  readonly authority: PublicKey;
  readonly proposed: PublicKey;
}

/** Offers the authority to another key; the default address takes the offer back. */
export function authorityPropose(
  program: PublicKey,
  input: AuthorityPropose,
): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    authority: input.authority,
  };
  return [buildInstruction(program, "authorityPropose", accounts, { proposed: input.proposed })];
}
