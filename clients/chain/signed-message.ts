import { Ed25519Program, type TransactionInstruction } from "@solana/web3.js";

/** Bytes with an ed25519 signature: an envelope, a receipt or an admission. */
export interface SignedMessage {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly key: Uint8Array;
}

/**
 * The instruction with which the chain itself verifies a signature. The program reads it from the
 * instruction that follows.
 */
export function verifyInstruction({
  message,
  signature,
  key,
}: SignedMessage): TransactionInstruction {
  return Ed25519Program.createInstructionWithPublicKey({ publicKey: key, message, signature });
}
