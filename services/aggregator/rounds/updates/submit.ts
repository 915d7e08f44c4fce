import { PlenaryError } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { UpdateRow } from "../../store/updates.ts";
import type { Context } from "../context.ts";
import { acceptUpdate } from "./accept.ts";
import { type AdmittedUpload, admitUpload, type Upload } from "./admit.ts";

/** The payload of an upload, which is read only after its envelope has been admitted. */
export interface UploadBody {
  /** Length in bytes that the sender has declared; undefined if it has declared none. */
  readonly declaredLength: number | undefined;
  open(): AsyncIterable<Uint8Array>;
}

/** Counts an upload against its member's allowance. Throws `rate-limited`. */
export type UploadLimit = (member: Uint8Array) => Promise<void>;

/** An update that the service has stored and signed a receipt for. */
export interface SubmittedUpdate {
  readonly federation: FederationRow;
  readonly update: UpdateRow;
}

/**
 * Takes a member's update: checks the envelope, counts the upload against the member's limit,
 * stores the payload, and records the update with its signed receipt. Resolves when both are
 * durable. The same envelope again gets the same receipt, and its payload is not read. Throws as
 * `admitUpload`, `limit`, `BlobStore.receive` and `acceptUpdate` do.
 */
export async function submitUpdate(
  context: Context,
  upload: Upload,
  body: UploadBody,
  limit: UploadLimit,
): Promise<SubmittedUpdate> {
  const admitted = await admitUpload(context, upload);
  const { federation } = admitted;
  if (admitted.kind === "known") return { federation, update: admitted.update };
  await limit(admitted.envelope.member);
  await receivePayload(context, admitted, body);
  return { federation, update: await acceptUpdate(context, admitted) };
}

/** Streams the payload into the blob store, unless its declared length is wrong already. */
async function receivePayload(
  { blobs }: Context,
  { envelope: { payloadHash: hash, payloadLength: length } }: AdmittedUpload,
  { declaredLength, open }: UploadBody,
): Promise<void> {
  const source = open();
  if (declaredLength !== undefined && declaredLength !== length)
    throw new PlenaryError(
      declaredLength < length ? "payload-truncated" : "payload-too-large",
      `The body has ${declaredLength} bytes, but its envelope states ${length}.`,
      { expected: length, actual: declaredLength },
    );
  await blobs.receive(source, { hash, length, limit: length });
}
