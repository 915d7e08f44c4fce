import { memberExit, requireLamports, sendTransaction } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair, PublicKey } from "@solana/web3.js";
import type { ChainAccess, ChainOptions } from "../chain-state/index.ts";
import { type Membership, readMembership } from "./member-account.ts";
import { type StakeRelease, stakeRelease } from "./stake.ts";

/** A membership that ends: from which round, and when its stake can be withdrawn. */
export interface Left extends StakeRelease {
  readonly member: PublicKey;
  /** First round that the member does not take part in. */
  readonly exitRound: bigint;
  /** What `withdrawStake` will pay, in base units. */
  readonly stake: bigint;
  /** Null if it had left before. */
  readonly transaction: string | null;
}

/**
 * Leaves a federation from the next round on. The open round is still trained for, and pay stays
 * claimable. Safe to repeat. Throws `member-unknown`, `insufficient-funds`, `transaction-failed`
 * and `transaction-unknown`.
 */
export async function leaveFederation(
  context: ChainAccess,
  owner: Keypair,
  { signal }: ChainOptions = {},
): Promise<Left> {
  const { connection, program, address: federation } = context;
  const before = await readMembership(context, owner.publicKey);
  if (before.member.exitRequestedAt !== 0n) return leftOf(before, null);
  await requireLamports(connection, owner.publicKey);
  const instructions = memberExit(program, { federation, owner: owner.publicKey });
  const transaction = await sendTransaction(connection, instructions, [owner], { signal });
  return leftOf(await readMembership(context, owner.publicKey), transaction);
}

function leftOf({ member, federation }: Membership, transaction: string | null): Left {
  const release = stakeRelease(member, federation);
  if (release === null)
    throw new PlenaryError(
      "chain-unavailable",
      "The member has left, but the RPC node does not show it yet: ask again.",
      { member: member.address.toBase58() },
    );
  const { address, exitRound, stake } = member;
  return { ...release, member: address, exitRound, stake, transaction };
}
