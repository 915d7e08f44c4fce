import { type PublicKey, SystemProgram, TransactionInstruction } from "@solana/web3.js";
import { Buffer } from "buffer";
import { TOKEN_PROGRAM } from "../addresses.ts";

export interface MintCreate {
  readonly payer: PublicKey;
  /** A new key, which signs too. */
  readonly mint: PublicKey;
  readonly authority: PublicKey;
  readonly decimals: number;
  /** Rent of `MINT_LENGTH` bytes, in lamports (`getMinimumBalanceForRentExemption`). */
  readonly rent: number;
  /** The program that is to own the mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
}

/** Bytes of a mint account. */
export const MINT_LENGTH = 82;

/** The token program's instruction InitializeMint2. */
const INITIALIZE_MINT = 20;

/** Creates a reward mint. It has no freeze authority, so nobody can lock what members earned. */
export function mintCreate(input: MintCreate): TransactionInstruction[] {
  const programId = input.tokenProgram ?? TOKEN_PROGRAM;
  const create = SystemProgram.createAccount({
    fromPubkey: input.payer,
    newAccountPubkey: input.mint,
    lamports: input.rent,
    space: MINT_LENGTH,
    programId,
  });
  const keys = [{ pubkey: input.mint, isSigner: false, isWritable: true }];
  const data = Buffer.from([INITIALIZE_MINT, input.decimals, ...input.authority.toBytes(), 0]);
  return [create, new TransactionInstruction({ programId, keys, data })];
}
