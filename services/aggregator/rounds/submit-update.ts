import { admitEnvelope } from "@plenary/algorithms";
import {
  decodeEnvelope,
  type Envelope,
  encodeReceipt,
  envelopeHash,
  PlenaryError,
  signMessage,
  toBase58,
  verifySignature,
} from "@plenary/protocol";
import type { FederationRow } from "../store/federations.ts";
import type { Store } from "../store/index.ts";
import type { MemberRow } from "../store/members.ts";
import type { RoundKey, RoundRow } from "../store/rounds.ts";
import type { UpdateRow } from "../store/updates.ts";
import { type Context, inTransaction } from "./context.ts";
import { findFederation, findRound } from "./lookup.ts";
import { findMember, isActive, signingKeyOf } from "./members.ts";

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
export interface Admission {
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
  readonly update: UpdateRow;
}

/**
 * Checks all that can be checked before the payload is read. Throws `not-found`, `malformed-envelope`, `member-unknown`,
 * `signature-invalid`, `round-closed`, `member-inactive`, `sequence-stale`, `equivocation` and as admitEnvelope does.
 */
export async function admitUpload(context: Context, upload: Upload): Promise<Admission | KnownUpdate> {
  const envelope = decodeEnvelope(upload.envelope);
  const federation = await findFederation(context, upload.federation);
  const hash = envelopeHash(upload.envelope);
  const known = await findKnown(context.store, federation, envelope, hash);
  const round = known === undefined ? await findRound(context, federation, upload.round) : undefined;
  if (round !== undefined) admitEnvelope(envelope, identityOf(federation, round), federation.configuration);
  const member = await findMember(context, federation.address, envelope.member);
  const signingKey = signingKeyOf(member, envelope.round);
  checkSignature(upload, signingKey);
  if (known !== undefined) return { kind: "known", update: known };
  if (round === undefined) throw new Error("unreachable: an unknown envelope has a round");
  checkOpen(round);
  checkActive(member, round);
  const { message, signature } = { message: upload.envelope, signature: upload.signature };
  const admission = { federation, round, envelope, message, hash, signature, signingKey };
  const contradiction = await checkSequence(context.store, round, envelope);
  if (contradiction !== undefined) {
    await keepEvidence(context.store, admission, context.clock.now());
    throw equivocation(envelope);
  }
  return { kind: "payload-expected", ...admission };
}

/**
 * Records an update whose payload is stored, and signs its receipt; resolves when the row is durable. The checks that another upload or
 * the round's close may have overtaken are made again under the round's lock. Throws as admitUpload does.
 */
export async function acceptUpdate(context: Context, admission: Admission): Promise<UpdateRow> {
  const now = context.clock.now();
  const outcome = await inTransaction(context, (store) => acceptIn(store, context, admission, now));
  if (outcome === "equivocation") throw equivocation(admission.envelope);
  await context.scheduler.screenUpdate(outcome.id);
  return outcome;
}

async function acceptIn(
  store: Store,
  context: Context,
  admission: Admission,
  now: number,
): Promise<UpdateRow | "equivocation"> {
  const { federation, envelope } = admission;
  const key: RoundKey = { federation: federation.address, number: envelope.round };
  const round = await store.rounds.lock(key);
  const known = await findKnown(store, federation, envelope, admission.hash);
  if (known !== undefined) return known;
  if (round === undefined) throw new Error("unreachable: rounds are never deleted");
  checkOpen(round);
  if ((await checkSequence(store, round, envelope)) !== undefined) {
    await keepEvidence(store, admission, now);
    return "equivocation";
  }
  const standing = await store.updates.standingOf(key, envelope.member);
  if (standing === undefined) await checkRoom(store, key, federation);
  else await store.updates.supersede(key, envelope.member);
  const row = rowOf(admission, now, context.aggregatorKey);
  const id = await store.updates.insert(row);
  await store.events.append({
    federation: federation.address,
    type: "update-received",
    round: envelope.round,
    member: envelope.member,
    at: now,
  });
  return { ...row, id };
}

function rowOf(admission: Admission, now: number, aggregatorKey: Uint8Array): Omit<UpdateRow, "id"> {
  const { federation, envelope, message, hash, signature, signingKey } = admission;
  const receipt = encodeReceipt({
    genesisHash: federation.genesis_hash,
    programId: federation.program_id,
    federation: federation.address,
    round: envelope.round,
    member: envelope.member,
    sequence: envelope.sequence,
    envelopeHash: hash,
    time: BigInt(now),
  });
  return {
    federation: federation.address,
    round: envelope.round,
    member: envelope.member,
    sequence: envelope.sequence,
    envelope: message,
    envelope_hash: hash,
    signature,
    signing_key: signingKey,
    payload_hash: envelope.payloadHash,
    payload_bytes: BigInt(envelope.payloadLength),
    weight: envelope.weight,
    state: "received",
    reason: null,
    score: null,
    receipt,
    receipt_signature: signMessage(receipt, aggregatorKey),
    received_at: BigInt(now),
  };
}

async function findKnown(
  store: Store,
  federation: FederationRow,
  envelope: Envelope,
  hash: Uint8Array,
): Promise<UpdateRow | undefined> {
  if (envelope.round > LARGEST_ROUND) return undefined;
  return store.updates.byEnvelope(
    { federation: federation.address, number: envelope.round },
    envelope.member,
    hash,
  );
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

function checkOpen(round: RoundRow): void {
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

/** Throws `sequence-stale` on a sequence below the standing one; returns the stored update that an equal one contradicts. */
async function checkSequence(
  store: Store,
  round: RoundRow,
  envelope: Envelope,
): Promise<UpdateRow | undefined> {
  const same = await store.updates.bySequence(round, envelope.member, envelope.sequence);
  if (same !== undefined) return same;
  const standing = await store.updates.standingOf(round, envelope.member);
  if (standing === undefined || standing.sequence < envelope.sequence) return undefined;
  throw new PlenaryError(
    "sequence-stale",
    `The service holds this member's update with sequence ${standing.sequence}; only a higher one replaces it.`,
    { standing: standing.sequence.toString(), actual: envelope.sequence.toString() },
  );
}

/** A round never holds more updates than its sums are exact for. */
async function checkRoom(store: Store, key: RoundKey, { configuration }: FederationRow): Promise<void> {
  const { received } = await store.updates.counts(key);
  const { maxUpdates } = configuration.limits;
  if (received >= maxUpdates)
    throw new PlenaryError(
      "round-closed",
      `Round ${key.number} has the ${maxUpdates} updates that it can take: take part in the next one.`,
      { round: key.number.toString(), limit: maxUpdates },
    );
}

async function keepEvidence(store: Store, admission: Omit<Admission, "kind">, now: number): Promise<void> {
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

function equivocation(envelope: Envelope): PlenaryError {
  return new PlenaryError(
    "equivocation",
    `The member has signed another envelope with sequence ${envelope.sequence}; both are kept as evidence. Sign a correction with a higher sequence.`,
    { member: toBase58(envelope.member), sequence: envelope.sequence.toString() },
  );
}
