import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import type { Terms } from "../federation.ts";
import { buildInstruction } from "../program.ts";
import { encodeTerms } from "./terms.ts";

export interface FederationUpdate {
  readonly federation: PublicKey;
  readonly authority: PublicKey;
  readonly terms: Terms;
}

/** Changes the terms between rounds. */
export function federationUpdate(
  program: PublicKey,
  input: FederationUpdate,
): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    authority: input.authority,
  };
  return [
    buildInstruction(program, "federationUpdate", accounts, { terms: encodeTerms(input.terms) }),
  ];
}
