import { PlenaryError, toBase58 } from "@plenary/protocol";
import type { LedgerMember } from "../../chain/ledger.ts";
import type { MemberRow } from "../../store/members.ts";
import type { Context } from "../context.ts";

/** Whether a member may take part in a round. */
export function isActive(member: MemberRow, round: bigint): boolean {
  return member.joined_round <= round && (member.exit_round === 0n || round < member.exit_round);
}

/**
 * The key that signs a member's envelopes of a round. A rotated key signs from the next round on;
 * in the member's first round no other key than the newest counts.
 */
export function signingKeyOf(member: MemberRow, round: bigint): Uint8Array {
  const hasPrevious = member.joined_round < member.key_since_round;
  return hasPrevious && round < member.key_since_round ? member.previous_key : member.update_key;
}

/** Reads all of a federation's members from the chain into the mirror. */
export async function syncMembers(context: Context, federation: Uint8Array): Promise<void> {
  const members = await context.ledger.members(federation);
  await context.store.members.upsert(members.map((member) => rowOf(federation, member)));
}

/** Reads one member from the chain into the mirror. Undefined if the chain does not have it. */
export async function syncMember(
  context: Context,
  federation: Uint8Array,
  address: Uint8Array,
): Promise<MemberRow | undefined> {
  const member = await context.ledger.member(federation, address);
  if (member === undefined) return undefined;
  const row = rowOf(federation, member);
  await context.store.members.upsert([row]);
  return row;
}

/**
 * A member from the mirror, or from the chain, because it may have joined a moment ago. Throws
 * `member-unknown`.
 */
export async function findMember(
  context: Context,
  federation: Uint8Array,
  address: Uint8Array,
): Promise<MemberRow> {
  const member =
    (await context.store.members.find(federation, address)) ??
    (await syncMember(context, federation, address));
  if (member !== undefined) return member;
  throw new PlenaryError(
    "member-unknown",
    `${toBase58(address)} is not a member of this federation: join it on chain first.`,
    { member: toBase58(address), federation: toBase58(federation) },
  );
}

/**
 * A member from the chain, because claims change its account without the service; from the mirror
 * while the chain does not answer. Throws `not-found`.
 */
export async function newestMember(
  context: Context,
  federation: Uint8Array,
  address: Uint8Array,
): Promise<MemberRow> {
  const { store, log } = context;
  const fresh = await syncMember(context, federation, address).catch((error: unknown) => {
    log.warn({ err: error }, "the member could not be read from the chain");
  });
  const member = fresh ?? (await store.members.find(federation, address));
  if (member !== undefined) return member;
  throw new PlenaryError("not-found", `${toBase58(address)} is not a member of this federation.`, {
    member: toBase58(address),
    federation: toBase58(federation),
  });
}

function rowOf(federation: Uint8Array, member: LedgerMember): MemberRow {
  return {
    federation,
    address: member.address,
    owner: member.owner,
    update_key: member.updateKey,
    previous_key: member.previousKey,
    key_since_round: member.keySinceRound,
    payout: member.payout,
    joined_round: member.joinedRound,
    exit_round: member.exitRound,
    claimed: member.claimed,
  };
}
