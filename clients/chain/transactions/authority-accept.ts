import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { buildInstruction } from "../program.ts";

export interface AuthorityAccept {
  readonly federation: PublicKey;
  readonly proposedAuthority: PublicKey;
}

/** Takes the authority that was offered. */
export function authorityAccept(
  program: PublicKey,
  input: AuthorityAccept,
): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    proposedAuthority: input.proposedAuthority,
  };
  return [buildInstruction(program, "authorityAccept", accounts)];
}
