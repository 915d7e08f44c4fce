import {
  memberAddress,
  memberClose,
  readMember,
  requireLamports,
  sendTransaction,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { type ChainAccess, type ChainOptions, requireFederation } from "../chain-state/index.ts";
import { stakeRelease } from "./stake.ts";

/** A member account that is closed, and who got its rent. */
export interface Closed {
  readonly member: PublicKey;
  /**
   * The key that got the rent back: it paid the rent when the member joined. Null without account.
   */
  readonly rentPayer: PublicKey | null;
  /** Null if there was no account. */
  readonly transaction: string | null;
}

/**
 * Closes the account of a member that left, withdrew its stake and was never paid. The rent goes
 * back to the key that paid it. Safe to repeat. Throws `conflict` with the reason if the account
 * has to stay.
 */
export async function closeMember(
  context: ChainAccess,
  owner: Keypair,
  { signal }: ChainOptions = {},
): Promise<Closed> {
  const { connection, program, address: federation } = context;
  const address = memberAddress(program, federation, owner.publicKey);
  const member = await readMember(connection, address);
  if (member === null) return { member: address, rentPayer: null, transaction: null };
  const release = stakeRelease(member, await requireFederation(context));
  const hindrance =
    release === null
      ? "the member has not left: leave and withdraw the stake first"
      : member.stake > 0n
        ? `its stake of ${member.stake} is in escrow: withdraw it first`
        : release.rounds.length > 0
          ? `rounds ${release.rounds.join(", ")} before its exit are not final or void: close it after that`
          : member.claimedTotal > 0n
            ? `it remembers that ${member.claimedTotal} were paid, without which that could be claimed again`
            : null;
  if (hindrance !== null)
    throw new PlenaryError("conflict", `The account ${address.toBase58()} stays: ${hindrance}.`, {
      member: address.toBase58(),
    });
  await requireLamports(connection, owner.publicKey);
  const { rentPayer } = member;
  const instructions = memberClose(program, { federation, owner: owner.publicKey, rentPayer });
  const transaction = await sendTransaction(connection, instructions, [owner], { signal });
  return { member: address, rentPayer, transaction };
}
