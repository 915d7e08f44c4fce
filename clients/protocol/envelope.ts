import { sha256 } from "./hash.ts";
import { layout, type RecordOf } from "./layout.ts";

const ENVELOPE_FIELDS = {
  genesisHash: "bytes32",
  programId: "bytes32",
  federation: "bytes32",
  round: "u64",
  member: "bytes32",
  baseRoot: "bytes32",
  sequence: "u64",
  codec: "u8",
  payloadLength: "u32",
  payloadHash: "bytes32",
  weight: "u32",
  deltaRoot: "bytes32",
  checkpointRoot: "bytes32",
} as const;
const ENVELOPE = layout("envelope", new TextEncoder().encode("plenary/update/1"), ENVELOPE_FIELDS);

/**
 * What a member signs about one update: the chain, program, federation, round and base model that
 * it is for, and its payload. `weight` counts the (question, group) cells trained on. `deltaRoot`
 * is the vector root of the decoded update. `checkpointRoot` is zeros unless the member commits to
 * training checkpoints. A higher `sequence` replaces the member's earlier update.
 */
export type Envelope = RecordOf<typeof ENVELOPE_FIELDS>;

/** Bytes of an encoded envelope. */
export const ENVELOPE_LENGTH = ENVELOPE.length;

/** The bytes that the member signs. Throws `invalid-input` naming a field out of range. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return ENVELOPE.encode(envelope);
}

/** Throws `malformed-envelope` naming what is wrong. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  return ENVELOPE.decode(bytes);
}

/** Identity of an update. It does not cover the signature: a message can have several. */
export function envelopeHash(envelopeBytes: Uint8Array): Uint8Array {
  return sha256(envelopeBytes);
}
