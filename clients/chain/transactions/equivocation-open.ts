import {
  type PublicKey,
  SYSVAR_INSTRUCTIONS_PUBKEY,
  type TransactionInstruction,
} from "@solana/web3.js";
import { equivocationAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";
import { type SignedMessage, verifyInstruction } from "../signed-message.ts";

export interface EquivocationOpen {
  readonly member: PublicKey;
  /** Pays the rent, which comes back with the proof's second half. */
  readonly reporter: PublicKey;
  readonly round: bigint;
  readonly sequence: bigint;
  readonly envelope: SignedMessage;
}

/** Records an envelope that a member has signed, as the first half of the proof that it signed two with one sequence. */
export function equivocationOpen(
  program: PublicKey,
  input: EquivocationOpen,
): TransactionInstruction[] {
  const { member, reporter, round, sequence } = input;
  const accounts = {
    member,
    equivocation: equivocationAddress(program, member, reporter, round, sequence),
    reporter,
    instructions: SYSVAR_INSTRUCTIONS_PUBKEY,
  };
  return [
    verifyInstruction(input.envelope),
    buildInstruction(program, "equivocationOpen", accounts, { round, sequence }),
  ];
}
