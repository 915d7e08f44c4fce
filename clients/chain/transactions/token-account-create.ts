import { type PublicKey, SystemProgram, TransactionInstruction } from "@solana/web3.js";
import { Buffer } from "buffer";
import { ASSOCIATED_TOKEN_PROGRAM, TOKEN_PROGRAM, tokenAccountAddress } from "../addresses.ts";

export interface TokenAccountCreate {
  readonly payer: PublicKey;
  readonly mint: PublicKey;
  readonly owner: PublicKey;
  /** The program that owns the mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
}

/** The associated token program's instruction CreateIdempotent. */
const CREATE_IDEMPOTENT = 1;

/** Creates the owner's associated token account if it does not exist. */
export function tokenAccountCreate(input: TokenAccountCreate): TransactionInstruction[] {
  const tokenProgram = input.tokenProgram ?? TOKEN_PROGRAM;
  const keys = [
    { pubkey: input.payer, isSigner: true, isWritable: true },
    {
      pubkey: tokenAccountAddress(input.mint, input.owner, tokenProgram),
      isSigner: false,
      isWritable: true,
    },
    { pubkey: input.owner, isSigner: false, isWritable: false },
    { pubkey: input.mint, isSigner: false, isWritable: false },
    { pubkey: SystemProgram.programId, isSigner: false, isWritable: false },
    { pubkey: tokenProgram, isSigner: false, isWritable: false },
  ];
  const data = Buffer.from([CREATE_IDEMPOTENT]);
  return [new TransactionInstruction({ programId: ASSOCIATED_TOKEN_PROGRAM, keys, data })];
}
