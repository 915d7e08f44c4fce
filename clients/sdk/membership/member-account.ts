import { type Federation, type Member, memberAddress, readMember } from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";
import { type ChainAccess, requireFederation } from "../chain-state/index.ts";

/** A member and its federation, as the chain has them. */
export interface Membership {
  readonly member: Member;
  readonly federation: Federation;
}

/** Throws `member-unknown` unless the owner is, or was, a member. */
export async function readMembership(context: ChainAccess, owner: PublicKey): Promise<Membership> {
  const { connection, program, address } = context;
  const federation = await requireFederation(context);
  const member = await readMember(connection, memberAddress(program, address, owner));
  if (member !== null) return { member, federation };
  throw new PlenaryError(
    "member-unknown",
    `${owner.toBase58()} is not a member of the federation ${address.toBase58()}: join it first.`,
    { owner: owner.toBase58(), federation: address.toBase58() },
  );
}
