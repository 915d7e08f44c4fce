import type { LeafProof, RewardLeaf, UpdateLeaf } from "@plenary/protocol";
import {
  type PublicKey,
  SYSVAR_INSTRUCTIONS_PUBKEY,
  type TransactionInstruction,
} from "@solana/web3.js";
import { disputeAddress, roundAddress } from "../addresses.ts";
import { DISPUTE_KINDS, type DisputeKind } from "../dispute.ts";
import { rewardLeafArgument, updateLeafArgument } from "../dispute-messages.ts";
import { type DisputeOpenInput, disputeOpen as open } from "../generated/instructions.ts";
import { type SignedMessage, verifyInstruction } from "../signed-message.ts";

/** What a challenger says is wrong with a committed round. */
export type DisputeSubject =
  /** This chunk of the next model or server state does not follow from the updates. */
  | { readonly kind: "chunk"; readonly index: number }
  /** No member has signed the update in this leaf. */
  | { readonly kind: "envelope"; readonly proof: LeafProof<UpdateLeaf> }
  /** The receipt's member has no leaf that agrees with it. */
  | { readonly kind: "omission"; readonly receipt: SignedMessage }
  /** What this member had earned by the rewards tree of the base round has fallen, or is gone. */
  | {
      readonly kind: "shortfall";
      readonly baseRound: bigint;
      readonly proof: LeafProof<RewardLeaf>;
    }
  /** The leaves of the rewards do not ascend, or do not add up to the committed total. */
  | { readonly kind: "total" };

export interface DisputeOpen
  extends Omit<DisputeOpenInput, "dispute" | "baseRound" | "instructions" | "subject"> {
  readonly subject: DisputeSubject;
}

/**
 * Challenges one thing in a committed round, with a deposit. For an omission the chain verifies the
 * receipt's signature first.
 */
export function disputeOpen(program: PublicKey, input: DisputeOpen): TransactionInstruction[] {
  const { federation, number, challenger, subject } = input;
  const instructions = open(program, {
    ...input,
    dispute: disputeOf(program, federation, number, challenger, subject),
    baseRound:
      subject.kind === "shortfall"
        ? roundAddress(program, federation, subject.baseRound)
        : undefined,
    instructions: subject.kind === "omission" ? SYSVAR_INSTRUCTIONS_PUBKEY : undefined,
    subject: subjectArgument(subject),
  });
  return subject.kind === "omission"
    ? [verifyInstruction(subject.receipt), ...instructions]
    : instructions;
}

/** Address of the dispute that `disputeOpen` makes. */
export function disputeOf(
  program: PublicKey,
  federation: PublicKey,
  number: bigint,
  challenger: PublicKey,
  subject: DisputeSubject,
): PublicKey {
  const index =
    subject.kind === "chunk" ? subject.index : "proof" in subject ? subject.proof.index : 0;
  const round = roundAddress(program, federation, number);
  return disputeAddress(program, round, challenger, codeOf(subject.kind), index);
}

function codeOf(kind: DisputeKind): number {
  return DISPUTE_KINDS.indexOf(kind);
}

function subjectArgument(subject: DisputeSubject): DisputeOpenInput["subject"] {
  switch (subject.kind) {
    case "chunk":
      return subject;
    case "envelope": {
      const { index, leaf, path } = subject.proof;
      return { kind: "envelope", index, leaf: updateLeafArgument(leaf), path };
    }
    case "shortfall": {
      const { index, leaf, path } = subject.proof;
      return { kind: "shortfall", index, leaf: rewardLeafArgument(leaf), path };
    }
    case "omission":
    case "total":
      return { kind: subject.kind };
  }
}
