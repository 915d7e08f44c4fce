import { admitEnvelope } from "@plenary/algorithms";
import {
  decodeEnvelope,
  type Envelope,
  envelopeHash,
  equalBytes,
  fromBase58,
  PlenaryError,
  toBase58,
  verifySignature,
} from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Store } from "../../store/index.ts";
import type { MemberRow } from "../../store/members.ts";
import type { RoundRow } from "../../store/rounds.ts";
import type { UpdateRow } from "../../store/updates.ts";
import { findMember, isActive, signingKeyOf } from "../access/members.ts";
import type { Context } from "../context.ts";
import { findFederation, findRound } from "../lookup.ts";

/** What an upload brings beside its payload. */
export interface Upload {
  /** Base58 address. */
  readonly federation: string;
  /** Number or "current". */
  readonly round: string;
  /** The signed message. */
  readonly envelope: Uint8Array;
  readonly signature: Uint8Array;
}

/** An upload whose envelope is in order: its payload may come. */
export interface AdmittedUpload {
  readonly kind: "payload-expected";
  readonly federation: FederationRow;
  readonly round: RoundRow;
  readonly envelope: Envelope;
  readonly message: Uint8Array;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
  readonly signingKey: Uint8Array;
}

/** The same envelope was received before: the receipt that it got stands. */
export interface KnownUpdate {
  readonly kind: "known";
  readonly federation: FederationRow;
  readonly update: UpdateRow;
}

/**
 * Checks all that can be checked before the payload is read. Throws `not-found`, `malformed-envelope`, `member-unknown`,
 * `signature-invalid`, `round-closed`, `member-inactive`, `sequence-stale`, `equivocation` and as admitEnvelope does.
 */
export async function admitUpload(
  context: Context,
  upload: Upload,
): Promise<AdmittedUpload | KnownUpdate> {
  const envelope = decodeEnvelope(upload.envelope);
  const hash = envelopeHash(upload.envelope);
  const { federation, related, mirrored, addressed } = await lookUp(
    context,
    upload,
    envelope,
    hash,
  );
  const known = sameEnvelope(related, hash);
  if (known === undefined)
    admitEnvelope(envelope, identityOf(federation, addressed()), federation.configuration);
  const member = mirrored ?? (await findMember(context, federation.address, envelope.member));
  const signingKey = signingKeyOf(member, envelope.round);
  checkSignature(upload, signingKey);
  if (known !== undefined) return { kind: "known", federation, update: known };
  const round = addressed();
  checkOpen(round);
  checkActive(member, round);
  const { envelope: message, signature } = upload;
  const admission = { federation, round, envelope, message, hash, signature, signingKey };
  if (contradicts(related, envelope)) {
    await keepEvidence(context.store, admission, context.clock.now());
    throw equivocation(envelope);
  }
  return { kind: "payload-expected", ...admission };
}

/** Reads at once all that an upload is checked against. Throws `not-found` for the federation, and when asked for it for the round. */
async function lookUp(context: Context, upload: Upload, envelope: Envelope, hash: Uint8Array) {
  const address = fromBase58(upload.federation);
  const [federation, related, mirrored, round] = await Promise.all([
    findFederation(context, upload.federation),
    relatedUpdates(context.store, address, envelope, hash),
    context.store.members.find(address, envelope.member),
    findRound(context, address, upload.round).catch((error: unknown) => {
      if (error instanceof PlenaryError && error.code === "not-found") return error;
      throw error;
    }),
  ]);
  const addressed = (): RoundRow => {
    if (round instanceof PlenaryError) throw round;
    return round;
  };
  return { federation, related, mirrored, addressed };
}

/** Stored updates that a new one of its member has to agree with. */
export async function relatedUpdates(
  store: Store,
  federation: Uint8Array,
  { round, member, sequence }: Envelope,
  hash: Uint8Array,
): Promise<UpdateRow[]> {
  if (round > LARGEST_ROUND) return [];
  return store.updates.related({ federation, number: round }, member, sequence, hash);
}

/** The stored update with this very envelope. */
export function sameEnvelope(
  related: readonly UpdateRow[],
  hash: Uint8Array,
): UpdateRow | undefined {
  return related.find((update) => equalBytes(update.envelope_hash, hash));
}

/** The update of the member that stands, if it has one. */
export function standingOf(related: readonly UpdateRow[]): UpdateRow | undefined {
  return related.find(({ state }) => state !== "superseded");
}

/** Rounds are counted in the database's signed 64-bit integers. */
const LARGEST_ROUND = 2n ** 63n - 1n;

function identityOf(federation: FederationRow, round: RoundRow) {
  return {
    genesisHash: federation.genesis_hash,
    programId: federation.program_id,
    federation: federation.address,
    round: round.number,
    baseRoot: round.base_root,
  };
}

function checkSignature({ envelope, signature }: Upload, key: Uint8Array): void {
  if (!verifySignature(envelope, signature, key))
    throw new PlenaryError(
      "signature-invalid",
      "The envelope is not signed by the member's update-signing key: a rotated key signs from the next round on.",
      { key: toBase58(key) },
    );
}

/** Throws `round-closed`. */
export function checkOpen(round: RoundRow): void {
  if (round.state !== "collecting")
    throw new PlenaryError(
      "round-closed",
      `Round ${round.number} takes no updates any more: take part in the next one.`,
      { round: round.number.toString(), state: round.state },
    );
}

function checkActive(member: MemberRow, round: RoundRow): void {
  if (isActive(member, round.number)) return;
  const message =
    member.joined_round > round.number
      ? `This member takes part from round ${member.joined_round} on.`
      : `This member has left: its last round was ${member.exit_round - 1n}.`;
  throw new PlenaryError("member-inactive", message, {
    member: toBase58(member.address),
    round: round.number.toString(),
  });
}

/** Whether a stored update has this sequence and another envelope. Throws `sequence-stale` on one below the standing update's. */
export function contradicts(related: readonly UpdateRow[], envelope: Envelope): boolean {
  if (related.some(({ sequence }) => sequence === envelope.sequence)) return true;
  const standing = standingOf(related);
  if (standing === undefined || standing.sequence < envelope.sequence) return false;
  throw new PlenaryError(
    "sequence-stale",
    `The service holds this member's update with sequence ${standing.sequence}; only a higher one replaces it.`,
    { standing: standing.sequence.toString(), actual: envelope.sequence.toString() },
  );
}

/** Keeps an envelope that contradicts a stored one. */
export async function keepEvidence(
  store: Store,
  admission: Omit<AdmittedUpload, "kind">,
  now: number,
): Promise<void> {
  const { federation, envelope, message, hash, signature } = admission;
  await store.updates.insertEquivocation({
    federation: federation.address,
    round: envelope.round,
    member: envelope.member,
    sequence: envelope.sequence,
    envelope: message,
    envelope_hash: hash,
    signature,
    received_at: BigInt(now),
  });
}

export function equivocation(envelope: Envelope): PlenaryError {
  return new PlenaryError(
    "equivocation",
    `The member has signed another envelope with sequence ${envelope.sequence}; both are kept as evidence. Sign a correction with a higher sequence.`,
    { member: toBase58(envelope.member), sequence: envelope.sequence.toString() },
  );
}
