import type { UpdateLeaf } from "@plenary/protocol";
import {
  PublicKey,
  SYSVAR_INSTRUCTIONS_PUBKEY,
  type TransactionInstruction,
} from "@solana/web3.js";
import { roundAddress } from "../addresses.ts";
import { updateLeafArgument } from "../dispute-messages.ts";
import { buildInstruction } from "../program.ts";
import { type SignedMessage, verifyInstruction } from "../signed-message.ts";

export interface DisputeEnvelope {
  readonly federation: PublicKey;
  readonly number: bigint;
  readonly dispute: PublicKey;
  /** The leaf whose envelope is demanded. */
  readonly leaf: UpdateLeaf;
  readonly envelope: SignedMessage;
}

/** Shows the envelope of a leaf, signed by the leaf's member; anyone may send it. */
export function disputeEnvelope(
  program: PublicKey,
  input: DisputeEnvelope,
): TransactionInstruction[] {
  const accounts = {
    dispute: input.dispute,
    round: roundAddress(program, input.federation, input.number),
    member: new PublicKey(input.leaf.member),
    instructions: SYSVAR_INSTRUCTIONS_PUBKEY,
  };
  const show = buildInstruction(program, "disputeEnvelope", accounts, {
    leaf: updateLeafArgument(input.leaf),
  });
  return [verifyInstruction(input.envelope), show];
}
