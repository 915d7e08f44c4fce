import { eventsNamed, parseEvents } from "@plenary/chain";
import { toBase58 } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";

/** A reward that was paid, as the chain records it. */
export interface Claim {
  /** Address of the member. */
  readonly member: string;
  /** Base units of the reward mint. */
  readonly amount: bigint;
  readonly transaction: string;
}

/**
 * All rewards that a member was paid, oldest first. They are read from the program's events in
 * the transactions that name the member's account.
 */
export async function readClaims(
  connection: Connection,
  program: PublicKey,
  member: PublicKey,
): Promise<Claim[]> {
  const signatures = await connection.getSignaturesForAddress(member, {}, "confirmed");
  const claims: Claim[] = [];
  for (const { signature, err } of signatures.toReversed()) {
    if (err !== null) continue;
    const transaction = await connection.getTransaction(signature, {
      commitment: "confirmed",
      maxSupportedTransactionVersion: 0,
    });
    const events = parseEvents(program, transaction?.meta?.logMessages ?? []);
    for (const { member: paid, amount } of eventsNamed(events, "RewardClaimed")) {
      if (paid.equals(member))
        claims.push({ member: toBase58(member.toBytes()), amount, transaction: signature });
    }
  }
  return claims;
}
