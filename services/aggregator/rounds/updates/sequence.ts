import { type Envelope, equalBytes, PlenaryError, toBase58 } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Store } from "../../store/index.ts";
import { LARGEST_ROUND, type Round } from "../../store/rounds.ts";
import type { UpdateRow } from "../../store/updates.ts";

/*
 * Of a member's updates in a round the one with the highest sequence stands. Two different
 * envelopes with one sequence are evidence against the member. An upload is checked against these
 * rules before its payload is read, and again when it is recorded.
 */

/** Stored updates that a new update of its member has to agree with. */
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

/** The member's update that stands, if it has one. */
export function standingOf(related: readonly UpdateRow[]): UpdateRow | undefined {
  return related.find(({ state }) => state !== "superseded");
}

/** Throws `round-closed`. */
export function checkOpen({ number, state }: Pick<Round, "number" | "state">): void {
  if (state === "collecting") return;
  throw new PlenaryError(
    "round-closed",
    `Round ${number} no longer takes updates: take part in the next one.`,
    { round: number.toString(), state },
  );
}

/**
 * Whether a stored update has this sequence and another envelope. Throws `sequence-stale` for a
 * sequence below that of the standing update.
 */
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

/** A signed envelope, and the federation that it is for. */
export interface SignedEnvelope {
  readonly federation: Pick<FederationRow, "address">;
  readonly envelope: Envelope;
  readonly message: Uint8Array;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
}

/** The columns in which a signed envelope is stored, as an update or as evidence. */
export function envelopeColumns(
  { federation, envelope, message, hash, signature }: SignedEnvelope,
  now: number,
) {
  return {
    federation: federation.address,
    round: envelope.round,
    member: envelope.member,
    sequence: envelope.sequence,
    envelope: message,
    envelope_hash: hash,
    signature,
    received_at: BigInt(now),
  };
}

/** Keeps an envelope that contradicts a stored one. */
export async function keepEvidence(
  store: Store,
  signed: SignedEnvelope,
  now: number,
): Promise<void> {
  await store.updates.insertEquivocation(envelopeColumns(signed, now));
}

export function equivocation(envelope: Envelope): PlenaryError {
  return new PlenaryError(
    "equivocation",
    `The member has signed another envelope with sequence ${envelope.sequence}; both are kept as evidence. Sign a correction with a higher sequence.`,
    { member: toBase58(envelope.member), sequence: envelope.sequence.toString() },
  );
}
