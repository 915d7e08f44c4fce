import { checkEnvelope } from "@plenary/algorithms";
import {
  decodeEnvelope,
  type Envelope,
  envelopeHash,
  fromBase58,
  PlenaryError,
  toBase58,
  verifySignature,
} from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { MemberRow } from "../../store/members.ts";
import type { Round } from "../../store/rounds.ts";
import type { UpdateRow } from "../../store/updates.ts";
import { findMember, isActive, signingKeyOf } from "../access/members.ts";
import type { Context } from "../context.ts";
import { findFederation, findRound } from "../lookup.ts";
import {
  checkOpen,
  contradicts,
  equivocation,
  keepEvidence,
  relatedUpdates,
  sameEnvelope,
} from "./sequence.ts";

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
  readonly round: Round;
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
 * Checks all that can be checked before the payload is read. Throws `not-found`,
 * `malformed-envelope`, `member-unknown`, `signature-invalid`, `round-closed`, `member-inactive`,
 * `sequence-stale`, `equivocation`, and as checkEnvelope does.
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
    checkEnvelope(
      envelope,
      identityOf(federation, addressed()),
      federation.configuration,
      context.registries,
    );
  const member = mirrored ?? (await findMember(context, federation.address, envelope.member));
  const signingKey = signingKeyOf(member, envelope.round);
  checkSignature(upload, signingKey);
  if (known !== undefined) return { kind: "known", federation, update: known };
  const round = addressed();
  checkOpen(round);
  checkActive(member, round);
  const { envelope: message, signature } = upload;
  const admitted = { federation, round, envelope, message, hash, signature, signingKey };
  if (contradicts(related, envelope)) {
    await keepEvidence(context.store, admitted, context.clock.now());
    throw equivocation(envelope);
  }
  return { kind: "payload-expected", ...admitted };
}

/**
 * Reads all that an upload is checked against, in one go. Throws `not-found` for the federation;
 * for the round only when it is asked for.
 */
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
  const addressed = (): Round => {
    if (round instanceof PlenaryError) throw round;
    return round;
  };
  return { federation, related, mirrored, addressed };
}

function identityOf(federation: FederationRow, round: Round) {
  return {
    genesisHash: federation.genesis_hash,
    programId: federation.program_id,
    federation: federation.address,
    round: round.number,
    baseRoot: round.base.root,
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

function checkActive(member: MemberRow, round: Round): void {
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
