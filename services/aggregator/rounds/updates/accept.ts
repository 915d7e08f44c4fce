import { encodeReceipt, PlenaryError, signMessage } from "@plenary/protocol";
import pRetry from "p-retry";
import { isUniqueViolation } from "../../store/database-errors.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { Store } from "../../store/index.ts";
import type { RoundKey } from "../../store/rounds.ts";
import type { UpdateRow } from "../../store/updates.ts";
import { type Context, inTransaction } from "../context.ts";
import type { AdmittedUpload } from "./admit.ts";
import {
  checkOpen,
  contradicts,
  envelopeColumns,
  equivocation,
  keepEvidence,
  relatedUpdates,
  sameEnvelope,
  standingOf,
} from "./sequence.ts";

/**
 * Records an update whose payload is stored, and signs its receipt. Resolves when the row is
 * durable. Another upload or the close of the round may have overtaken the checks of admitUpload,
 * so they are made again under the round's lock. Throws as admitUpload does.
 */
export async function acceptUpdate(context: Context, admitted: AdmittedUpload): Promise<UpdateRow> {
  const now = context.clock.now();
  // Signed before the lock is taken: nobody else has to wait for the signature.
  const row = rowOf(admitted, now, context.aggregatorKey);
  const outcome =
    (await acceptNext(context, admitted, row)) ?? (await accept(context, admitted, row, now));
  if (outcome === "equivocation") throw equivocation(admitted.envelope);
  // The row is durable. What follows may fail, and nobody has to wait for it.
  void announce(context, outcome);
  void context.scheduler.screenUpdate(outcome.id);
  return outcome;
}

/**
 * Of two uploads of one member at the same time, the second meets the row of the first: on the next
 * attempt it is checked against that row.
 */
const CONTENDED = { retries: 4, minTimeout: 0, factor: 1 };

/**
 * The usual case, in one round trip. Undefined in any other case; `accept` then finds out which.
 */
async function acceptNext(
  { store }: Context,
  { federation }: AdmittedUpload,
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
  admitted: AdmittedUpload,
  row: Omit<UpdateRow, "id">,
  now: number,
): Promise<UpdateRow | "equivocation"> {
  return pRetry(() => inTransaction(context, (store) => acceptIn(store, admitted, row, now)), {
    ...CONTENDED,
    shouldRetry: ({ error }) => isUniqueViolation(error),
  });
}

async function acceptIn(
  store: Store,
  admitted: AdmittedUpload,
  row: Omit<UpdateRow, "id">,
  now: number,
): Promise<UpdateRow | "equivocation"> {
  const { federation, envelope } = admitted;
  const key: RoundKey = { federation: federation.address, number: envelope.round };
  const mayFill = await couldFill(store, federation);
  // Closing the round waits for all that hold it. Uploads wait for each other only where they must
  // be counted.
  const round = await (mayFill ? store.rounds.lock(key) : store.rounds.hold(key));
  const related = await relatedUpdates(store, federation.address, envelope, admitted.hash);
  const known = sameEnvelope(related, admitted.hash);
  if (known !== undefined) return known;
  checkOpen(round ?? admitted.round);
  if (contradicts(related, envelope)) {
    await keepEvidence(store, admitted, now);
    return "equivocation";
  }
  if (standingOf(related) !== undefined) await store.updates.supersede(key, envelope.member);
  else if (mayFill) await checkRoom(store, key, federation);
  return { ...row, id: await store.updates.insert(row) };
}

/** Whether a federation has more members than a round takes updates. */
async function couldFill(
  store: Store,
  { address, configuration }: FederationRow,
): Promise<boolean> {
  return (await store.members.count(address)) > configuration.limits.maxUpdates;
}

/** A round never holds more updates than its sums are exact for. */
async function checkRoom(
  store: Store,
  key: RoundKey,
  { configuration }: FederationRow,
): Promise<void> {
  const { received } = await store.updates.counts(key);
  const { maxUpdates } = configuration.limits;
  if (received >= maxUpdates)
    throw new PlenaryError(
      "round-closed",
      `Round ${key.number} has received the ${maxUpdates} updates that it can take: take part in the next one.`,
      { round: key.number.toString(), limit: maxUpdates },
    );
}

/**
 * Announces an update outside the upload's transaction: events are numbered one after the other, so
 * inside it every upload would wait for every other.
 */
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
    context.log.warn(
      { err: error, update: update.id.toString() },
      "an upload could not be announced",
    );
  }
}

function rowOf(
  admitted: AdmittedUpload,
  now: number,
  aggregatorKey: Uint8Array,
): Omit<UpdateRow, "id"> {
  const { federation, envelope, hash, signingKey } = admitted;
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
    ...envelopeColumns(admitted, now),
    signing_key: signingKey,
    payload_hash: envelope.payloadHash,
    payload_bytes: BigInt(envelope.payloadLength),
    weight: envelope.weight,
    state: "received",
    reason: null,
    score: null,
    receipt,
    receipt_signature: signMessage(receipt, aggregatorKey),
  };
}
