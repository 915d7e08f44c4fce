import { Ed25519Program, type TransactionInstruction } from "@solana/web3.js";

/** Bytes that somebody signed with ed25519: an envelope or a receipt. */
export interface SignedMessage {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly key: Uint8Array;
}

/** The instruction with which the chain itself verifies a signature; the program reads it from the one that follows. */
export function verifyInstruction({
  message,
  signature,
  key,
}: SignedMessage): TransactionInstruction {
  return Ed25519Program.createInstructionWithPublicKey({ publicKey: key, message, signature });
}
