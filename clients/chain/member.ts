import { compareBytes } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeFields } from "./account-fields.ts";
import { FEDERATION_OFFSET, readAccount, readProgramAccounts } from "./read-account.ts";

/** A Member account; its address is what envelopes, update leaves and reward leaves call the member. */
export interface Member {
  address: PublicKey;
  federation: PublicKey;
  owner: PublicKey;
  rentPayer: PublicKey;
  updateKey: PublicKey;
  previousKey: PublicKey;
  keySinceRound: bigint;
  payout: PublicKey;
  stake: bigint;
  joinedRound: bigint;
  /** Unix seconds; 0 while the member has not asked to leave. */
  exitRequestedAt: bigint;
  /** First round that the member may not take part in; 0 while it has not asked to leave. */
  exitRound: bigint;
  claimedTotal: bigint;
  equivocations: number;
}

/** Decodes a Member account's bytes. Throws `invalid-input` if they are something else. */
export function decodeMember(address: PublicKey, data: Uint8Array): Member {
  const fields = decodeFields("Member", data);
  return {
    address,
    federation: fields.address("federation"),
    owner: fields.address("owner"),
    rentPayer: fields.address("rentPayer"),
    updateKey: fields.address("updateKey"),
    previousKey: fields.address("previousKey"),
    keySinceRound: fields.amount("keySinceRound"),
    payout: fields.address("payout"),
    stake: fields.amount("stake"),
    joinedRound: fields.amount("joinedRound"),
    exitRequestedAt: fields.amount("exitRequestedAt"),
    exitRound: fields.amount("exitRound"),
    claimedTotal: fields.amount("claimedTotal"),
    equivocations: fields.integer("equivocations"),
  };
}

/** Whether the member may take part in a round: it had joined, and not left, when the round was opened. */
export function isMemberIn(member: Member, round: bigint): boolean {
  return member.joinedRound <= round && (member.exitRound === 0n || round < member.exitRound);
}

/** The key that signs the member's envelopes of a round. */
export function updateKeyAt(member: Member, round: bigint): PublicKey {
  return round >= member.keySinceRound ? member.updateKey : member.previousKey;
}

/** Reads a member at commitment `confirmed`; null if there is none at the address. */
export function readMember(connection: Connection, address: PublicKey): Promise<Member | null> {
  return readAccount(connection, address, decodeMember);
}

/** All members that a federation has or had, ascending by address. */
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
