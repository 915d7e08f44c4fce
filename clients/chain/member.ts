import { compareBytes } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeAccount } from "./decode-account.ts";
import type { Member as MemberFields } from "./generated/structures.ts";
import { FEDERATION_OFFSET, readAccount, readProgramAccounts } from "./read-account.ts";

/**
 * A Member account with its address, which is what envelopes, update leaves and reward leaves call
 * the member.
 */
export interface Member extends Omit<MemberFields, "version" | "bump"> {
  readonly address: PublicKey;
}

/** Decodes a Member account's bytes. Throws `invalid-input` if they are something else. */
export function decodeMember(address: PublicKey, data: Uint8Array): Member {
  const { version, bump, ...fields } = decodeAccount("Member", data);
  return { address, ...fields };
}

/**
 * Whether the member may take part in a round: it had joined and not left when the round opened.
 */
export function isMemberIn(member: Member, round: bigint): boolean {
  return member.joinedRound <= round && (member.exitRound === 0n || round < member.exitRound);
}

/** The key that signs the member's envelopes of a round. */
export function updateKeyAt(member: Member, round: bigint): PublicKey {
  return round >= member.keySinceRound ? member.updateKey : member.previousKey;
}

/** Reads a member at commitment `confirmed`. Null if there is none at the address. */
export function readMember(connection: Connection, address: PublicKey): Promise<Member | null> {
  return readAccount(connection, address, decodeMember);
}

/** All present and former members of a federation, ascending by address. */
export async function listMembers(
  connection: Connection,
  program: PublicKey,
  federation: PublicKey,
): Promise<Member[]> {
  const filters = [{ memcmp: { offset: FEDERATION_OFFSET, bytes: federation.toBase58() } }];
  const members = await readProgramAccounts(connection, program, "Member", filters, decodeMember);
  return members.sort((left, right) =>
    compareBytes(left.address.toBytes(), right.address.toBytes()),
  );
}
