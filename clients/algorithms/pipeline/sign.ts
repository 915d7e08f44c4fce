import { type Envelope, encodeEnvelope, sha256, signMessage, ZERO_HASH } from "@plenary/protocol";
import { vectorRootFast } from "../kernels/index.ts";
import type { CompressedUpdate } from "./compress.ts";

/** What an envelope states, beside the update itself. */
export interface UpdateSubject
  extends Pick<
    Envelope,
    | "genesisHash"
    | "programId"
    | "federation"
    | "round"
    | "member"
    | "baseRoot"
    | "sequence"
    | "weight"
  > {
  /** Root over the checkpoints of the training; none by default. */
  readonly checkpointRoot?: Uint8Array;
}

/** An envelope, its bytes, and the update key's ed25519 signature (64 bytes) over them. */
export interface SignedEnvelope {
  readonly envelope: Envelope;
  /** The encoded envelope, which is what is signed. */
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Signs for an update with the member's update-signing key (64 bytes). */
export function signUpdate(
  subject: UpdateSubject,
  update: CompressedUpdate,
  secretKey: Uint8Array,
): SignedEnvelope {
  return signEnvelope(
    {
      checkpointRoot: ZERO_HASH,
      ...subject,
      codec: update.codec,
      payloadLength: update.payload.length,
      payloadHash: sha256(update.payload),
      deltaRoot: vectorRootFast(update.decoded),
    },
    secretKey,
  );
}

/** Signs an envelope as it is. */
export function signEnvelope(envelope: Envelope, secretKey: Uint8Array): SignedEnvelope {
  const message = encodeEnvelope(envelope);
  return { envelope, message, signature: signMessage(message, secretKey) };
}
