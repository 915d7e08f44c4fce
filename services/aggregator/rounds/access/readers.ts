import { equalBytes, PlenaryError, toBase58 } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { MemberRow } from "../../store/members.ts";
import type { Context } from "../context.ts";
import { requireAuthority } from "./authority.ts";
import { syncMember } from "./members.ts";

/** Whether only members may read what the service holds of a federation. */
export function isPrivate({ configuration }: Pick<FederationRow, "configuration">): boolean {
  return configuration.visibility === "private";
}

/**
 * Throws `member-unknown` or `member-inactive` unless the holder of `key` may read a private
 * federation: a member that has not left (by its owner key or its update-signing key), an auditor
 * of the training, the authority, or the aggregator. A member that has left may still read what is
 * about itself (`about`).
 */
export async function requireReader(
  context: Context,
  federation: FederationRow,
  key: Uint8Array,
  about?: Uint8Array,
): Promise<void> {
  if (equalBytes(key, context.ledger.aggregator)) return;
  if (federation.configuration.audits?.auditors.includes(toBase58(key))) return;
  const members = await membersOf(context, federation, key);
  if (about !== undefined && members.some(({ address }) => equalBytes(address, about))) return;
  const newest = await context.store.rounds.newest(federation.address);
  if (members.some((member) => isStaying(member, newest?.number ?? 0n))) return;
  if (await isAuthority(context, federation, key)) return;
  const [left] = members;
  throw new PlenaryError(
    left === undefined ? "member-unknown" : "member-inactive",
    left === undefined
      ? `This federation is private, and ${toBase58(key)} is not the key of a member: join it on chain first.`
      : "This federation is private, and this member has left it: only its own membership and rewards are open to it.",
    { key: toBase58(key), federation: toBase58(federation.address) },
  );
}

/**
 * Whether the holder of `key` may read a blob, or anybody if `key` is undefined. A blob to which no
 * federation refers is only for the key that uploaded it.
 */
export async function mayReadBlob(
  context: Context,
  hash: Uint8Array,
  key: Uint8Array | undefined,
): Promise<boolean> {
  const { blobReferences } = context.store;
  const referring = await blobReferences.referring(hash);
  if (referring.some((federation) => !isPrivate(federation))) return true;
  if (key === undefined) return false;
  if (await blobReferences.isUploader(hash, key)) return true;
  for (const federation of referring) if (await isReader(context, federation, key)) return true;
  return false;
}

/** Whether requireReader lets the key read. */
export async function isReader(
  context: Context,
  federation: FederationRow,
  key: Uint8Array,
): Promise<boolean> {
  return requireReader(context, federation, key).then(
    () => true,
    (error: unknown) => {
      if (error instanceof PlenaryError && REFUSALS.has(error.code)) return false;
      throw error;
    },
  );
}

const REFUSALS: ReadonlySet<string> = new Set(["member-unknown", "member-inactive"]);

/**
 * Memberships of a key, from the mirror, or from the chain, because its owner may have joined a
 * moment ago.
 */
async function membersOf(
  context: Context,
  { address: federation }: FederationRow,
  key: Uint8Array,
): Promise<readonly MemberRow[]> {
  const known = await context.store.members.ofKey(federation, key);
  if (known.length > 0) return known;
  const member = await syncMember(
    context,
    federation,
    context.ledger.memberAddress(federation, key),
  );
  return member === undefined ? [] : [member];
}

/** A member may read before its first round, too: it needs the model to take part. */
function isStaying(member: MemberRow, newest: bigint): boolean {
  return member.exit_round === 0n || newest < member.exit_round;
}

async function isAuthority(
  context: Context,
  federation: FederationRow,
  key: Uint8Array,
): Promise<boolean> {
  return requireAuthority(context, federation, key).then(
    () => true,
    (error: unknown) => {
      if (error instanceof PlenaryError && error.code === "not-authority") return false;
      throw error;
    },
  );
}
