import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { escrowAddress, federationAddress, TOKEN_PROGRAM, vaultAddress } from "../addresses.ts";
import type { Terms } from "../federation.ts";
import { buildInstruction } from "../program.ts";
import { encodeTerms } from "./terms.ts";

export interface FederationCreate {
  readonly authority: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  readonly id: bigint;
  readonly terms: Terms;
  /** Vector roots of the first round's base model and server state (the empty root if the strategy keeps none). */
  readonly modelRoot: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly parameterCount: number;
  readonly strategy: number;
  /** Server momentum in 1/65536; 0 unless the strategy takes one. */
  readonly momentum: number;
}

/** Creates a federation with its vault and escrow; the authority pays the rent. */
export function federationCreate(
  program: PublicKey,
  input: FederationCreate,
): TransactionInstruction[] {
  const federation = federationAddress(program, input.authority, input.id);
  const accounts = {
    federation,
    authority: input.authority,
    rewardMint: input.rewardMint,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
    vault: vaultAddress(program, federation),
    escrow: escrowAddress(program, federation),
  };
  return [
    buildInstruction(program, "federationCreate", accounts, {
      args: {
        id: input.id,
        terms: encodeTerms(input.terms),
        modelRoot: input.modelRoot,
        stateRoot: input.stateRoot,
        parameterCount: input.parameterCount,
        strategy: input.strategy,
        momentum: input.momentum,
      },
    }),
  ];
}
