import { admitEnvelope } from "@plenary/algorithms";
import {
  decodeEnvelope,
  type Envelope,
  encodeReceipt,
  envelopeHash,
  equalBytes,
  fromBase58,
  PlenaryError,
  signMessage,
  toBase58,
  verifySignature,
} from "@plenary/protocol";
import { isUniqueViolation } from "../store/database.ts";
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
  const hash = envelopeHash(upload.envelope);
  const { federation, related, mirrored, addressed } = await lookUp(context, upload, envelope, hash);
  const known = sameEnvelope(related, hash);
  if (known === undefined)
    admitEnvelope(envelope, identityOf(federation, addressed()), federation.configuration);
  const member = mirrored ?? (await findMember(context, federation.address, envelope.member));
  const signingKey = signingKeyOf(member, envelope.round);
  checkSignature(upload, signingKey);
  if (known !== undefined) return { kind: "known", update: known };
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

/**
 * Records an update whose payload is stored, and signs its receipt; resolves when the row is durable. The checks that another upload or
 * the round's close may have overtaken are made again under the round's lock. Throws as admitUpload does.
 */
export async function acceptUpdate(context: Context, admission: Admission): Promise<UpdateRow> {
  const now = context.clock.now();
  // Signed before the lock is taken, so that others need not wait for it.
  const row = rowOf(admission, now, context.aggregatorKey);
  const outcome = (await acceptNext(context, admission, row)) ?? (await accept(context, admission, row, now));
  if (outcome === "equivocation") throw equivocation(admission.envelope);
  // Durable: what follows may fail, and nobody needs to wait for it.
  void announce(context, outcome);
  void context.scheduler.screenUpdate(outcome.id);
  return outcome;
}

/** The usual case, in one round trip. Undefined if it is another one; `accept` then finds out which. */
async function acceptNext(
  { store }: Context,
  { federation }: Admission,
  row: Omit<UpdateRow, "id">,
): Promise<UpdateRow | undefined> {
  try {
    const id = await store.updates.insertNext(row, federation.configuration.limits.maxUpdates);
    return id === undefined ? undefined : { ...row, id };
  } catch (error) {
    if (isUniqueViolation(error)) return undefined;
    throw error;
  }
}

function accept(
  context: Context,
  admission: Admission,
  row: Omit<UpdateRow, "id">,
  now: number,
): Promise<UpdateRow | "equivocation"> {
  return whileContended(() => inTransaction(context, (store) => acceptIn(store, admission, row, now)));
}

const MOST_ATTEMPTS = 5;

/** Two uploads of one member at once: the second meets the first's row, and is checked against it the next time. */
async function whileContended<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isUniqueViolation(error) || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

async function acceptIn(
  store: Store,
  admission: Admission,
  row: Omit<UpdateRow, "id">,
  now: number,
): Promise<UpdateRow | "equivocation"> {
  const { federation, envelope } = admission;
  const key: RoundKey = { federation: federation.address, number: envelope.round };
  const mayFill = await couldFill(store, federation);
  // The close of the round waits for those who hold it; only where updates must be counted they wait for each other too.
  const round = await (mayFill ? store.rounds.lock(key) : store.rounds.hold(key));
  const related = await relatedUpdates(store, federation.address, envelope, admission.hash);
  const known = sameEnvelope(related, admission.hash);
  if (known !== undefined) return known;
  if (round === undefined) throw new Error("unreachable: rounds are never deleted");
  checkOpen(round);
  if (contradicts(related, envelope)) {
    await keepEvidence(store, admission, now);
    return "equivocation";
  }
  if (standingOf(related) !== undefined) await store.updates.supersede(key, envelope.member);
  else if (mayFill) await checkRoom(store, key, federation);
  return { ...row, id: await store.updates.insert(row) };
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

/** Whether a federation has more members than a round takes updates. */
async function couldFill(store: Store, { address, configuration }: FederationRow): Promise<boolean> {
  return (await store.members.count(address)) > configuration.limits.maxUpdates;
}

/** Events are numbered one after the other, so that this is no part of the upload's transaction, which would make all wait for all. */
async function announce(context: Context, update: UpdateRow): Promise<void> {
  try {
    await context.store.events.append({
      federation: update.federation,
      type: "update-received",
      round: update.round,
      member: update.member,
      at: Number(update.received_at),
    });
  } catch (error) {
    context.log.warn({ err: error, update: update.id.toString() }, "an upload could not be announced");
  }
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

async function relatedUpdates(
  store: Store,
  federation: Uint8Array,
  { round, member, sequence }: Envelope,
  hash: Uint8Array,
): Promise<UpdateRow[]> {
  if (round > LARGEST_ROUND) return [];
  return store.updates.related({ federation, number: round }, member, sequence, hash);
}

function sameEnvelope(related: readonly UpdateRow[], hash: Uint8Array): UpdateRow | undefined {
  return related.find((update) => equalBytes(update.envelope_hash, hash));
}

function standingOf(related: readonly UpdateRow[]): UpdateRow | undefined {
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

/** Whether a stored update has this sequence and another envelope. Throws `sequence-stale` on one below the standing update's. */
function contradicts(related: readonly UpdateRow[], envelope: Envelope): boolean {
  if (related.some(({ sequence }) => sequence === envelope.sequence)) return true;
  const standing = standingOf(related);
  if (standing === undefined || standing.sequence < envelope.sequence) return false;
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
