import {
  type Federation,
  type Member,
  memberRotateKey,
  readChainTime,
  requireLamports,
  sendTransaction,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { type Keypair, PublicKey } from "@solana/web3.js";
import {
  type ChainAccess,
  type ChainOptions,
  unsettledRounds,
  waitingRounds,
} from "../chain-state/index.ts";
import type { Remedy } from "../remedy.ts";
import { readMembership } from "./member-account.ts";

/** The key that signs a member's updates, and from which round on. */
export interface Rotated {
  readonly member: PublicKey;
  readonly updateKey: PublicKey;
  /** First round whose updates the key signs. The previous key signs earlier ones. */
  readonly sinceRound: bigint;
  /** Null if it was the member's key already. */
  readonly transaction: string | null;
}

/**
 * Lets another key sign a member's updates from the next round on. The open round is still signed
 * with the old key. Safe to repeat. Throws `conflict` for a member that has left, and while rounds
 * that were signed with the key before the present one can be challenged; `invalid-input` for the
 * empty address; `member-unknown`, `insufficient-funds`, `transaction-failed` and
 * `transaction-unknown`.
 */
export async function rotateUpdateKey(
  context: ChainAccess,
  owner: Keypair,
  updateKey: PublicKey,
  { signal }: ChainOptions = {},
): Promise<Rotated> {
  const { connection, program, address: federation } = context;
  if (updateKey.equals(PublicKey.default))
    throw new PlenaryError("invalid-input", "The empty address cannot sign updates: give a key's.");
  const { member, federation: terms } = await readMembership(context, owner.publicKey);
  if (member.updateKey.equals(updateKey)) return rotatedOf(member, null);
  await requireRotatable(context, member, terms);
  await requireLamports(connection, owner.publicKey);
  const instructions = memberRotateKey(program, { federation, owner: owner.publicKey, updateKey });
  const transaction = await sendTransaction(connection, instructions, [owner], { signal });
  return rotatedOf((await readMembership(context, owner.publicKey)).member, transaction);
}

/**
 * Throws `signature-invalid` unless one of the keypairs signs the member's updates, or signed them
 * before the last rotation: the open round may need the old one.
 */
export async function requireUpdateKey(
  context: ChainAccess,
  {
    owner,
    updateKeypairs,
  }: { readonly owner: PublicKey; readonly updateKeypairs: readonly Keypair[] },
): Promise<void> {
  const { member } = await readMembership(context, owner);
  const { updateKey, previousKey } = member;
  const keys = updateKeypairs.map(({ publicKey }) => publicKey);
  if (keys.some((key) => key.equals(updateKey) || key.equals(previousKey))) return;
  const actual = keys.map((key) => key.toBase58()).join(", ");
  throw new PlenaryError(
    "signature-invalid",
    `The updates of this member are signed with ${updateKey.toBase58()}, not with ${actual}: train with that key, or let the owner change it.`,
    { expected: updateKey.toBase58(), actual, remedy: "rotate-key" satisfies Remedy },
  );
}

function rotatedOf(member: Member, transaction: string | null): Rotated {
  const { address, updateKey, keySinceRound } = member;
  return { member: address, updateKey, sinceRound: keySinceRound, transaction };
}

/** The account remembers two keys, so a third has to wait until the first can be forgotten. */
async function requireRotatable(
  context: ChainAccess,
  member: Member,
  federation: Federation,
): Promise<void> {
  if (member.exitRequestedAt !== 0n)
    throw new PlenaryError(
      "conflict",
      `${member.owner.toBase58()} has left the federation from round ${member.exitRound} on: there is nothing to sign after that.`,
      { exitRound: member.exitRound.toString() },
    );
  const { keySinceRound } = member;
  const waiting = unsettledRounds(federation).filter((number) => number < keySinceRound);
  if (keySinceRound >= federation.nextRound || waiting.length === 0) return;
  const reasons = await waitingRounds(context, waiting, await readChainTime(context.connection));
  throw new PlenaryError(
    "conflict",
    `The key was changed for round ${keySinceRound}, and rounds before that can still be challenged: ${reasons.join("; ")}. Change it again after that.`,
    { keySinceRound: keySinceRound.toString(), rounds: waiting.join(",") },
  );
}
