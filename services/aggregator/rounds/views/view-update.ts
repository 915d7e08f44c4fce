import {
  type EquivocationEvidence,
  REASONS,
  type ReceiptView,
  reasonName,
  toBase58,
  toBase64,
  toHex,
  type UpdateView,
} from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Round } from "../../store/rounds.ts";
import type { EquivocationRow, UpdateRow } from "../../store/updates.ts";

export function viewUpdate(round: Pick<Round, "state">, update: UpdateRow): UpdateView {
  const state = round.state === "void" && update.state !== "superseded" ? "void" : update.state;
  return {
    member: toBase58(update.member),
    sequence: update.sequence.toString(),
    envelopeHash: toHex(update.envelope_hash),
    state,
    reason: viewReason(update.reason),
    weight: update.weight,
    payloadBytes: Number(update.payload_bytes),
    payloadHash: toHex(update.payload_hash),
    receivedAt: Number(update.received_at),
    score: update.score?.toString() ?? null,
  };
}

/** Why a screened update does not count; null for one that does. */
function viewReason(code: number | null): UpdateView["reason"] {
  const name = code === null || code === REASONS.counted.code ? undefined : reasonName(code);
  return name === undefined || code === null ? null : { code, name, text: REASONS[name].text };
}

export function viewEquivocation(row: EquivocationRow): EquivocationEvidence {
  return {
    version: 1,
    kind: "equivocation",
    signingKey: toBase58(row.signing_key),
    first: { envelope: toBase64(row.first_envelope), signature: toBase64(row.first_signature) },
    second: { envelope: toBase64(row.second_envelope), signature: toBase64(row.second_signature) },
  };
}

export function viewReceipt(federation: FederationRow, update: UpdateRow): ReceiptView {
  return {
    envelopeHash: toHex(update.envelope_hash),
    receipt: toBase64(update.receipt),
    signature: toBase64(update.receipt_signature),
    aggregator: toBase58(federation.aggregator),
  };
}
