import { type PublicKey, TransactionInstruction } from "@solana/web3.js";
import { Buffer } from "buffer";
import { TOKEN_PROGRAM } from "../addresses.ts";

/** Base units to mint into a token account, by the mint's authority. */
export interface MintTo {
  readonly mint: PublicKey;
  readonly authority: PublicKey;
  /** The token account that receives. */
  readonly destination: PublicKey;
  readonly amount: bigint;
  /** The program that owns the mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
}

/** The token program's instruction MintTo. */
const MINT_TO = 7;

/** Issues new tokens of a mint whose authority signs. */
export function mintTo(input: MintTo): TransactionInstruction[] {
  const keys = [
    { pubkey: input.mint, isSigner: false, isWritable: true },
    { pubkey: input.destination, isSigner: false, isWritable: true },
    { pubkey: input.authority, isSigner: true, isWritable: false },
  ];
  const data = Buffer.alloc(9);
  data[0] = MINT_TO;
  new DataView(data.buffer, data.byteOffset, data.length).setBigUint64(1, input.amount, true);
  return [
    new TransactionInstruction({ programId: input.tokenProgram ?? TOKEN_PROGRAM, keys, data }),
  ];
}
