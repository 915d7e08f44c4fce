import { PlenaryError, toBase58 } from "@plenary/protocol";
import type { Context } from "../context.ts";

/**
 * Stores a blob that the holder of `requester` uploads: the authority of a federation that names
 * this service may, as long as the chain says so. Resolves with the blob's length. Throws
 * `not-authority`, and as BlobStore.receive does. The body is opened only for an authority.
 */
export async function storeBlob(
  context: Context,
  requester: Uint8Array,
  blob: { readonly hash: Uint8Array; readonly limit: number },
  open: () => AsyncIterable<Uint8Array>,
): Promise<number> {
  await requireSomeAuthority(context, requester);
  const length = await context.blobs.receive(open(), blob);
  await context.store.blobReferences.recordUpload(blob.hash, requester);
  return length;
}

/** Asks the chain each time: an authority may have handed over its last federation. */
async function requireSomeAuthority({ ledger }: Context, key: Uint8Array): Promise<void> {
  if (await ledger.isAuthority(key)) return;
  const name = toBase58(key);
  throw new PlenaryError(
    "not-authority",
    `${name} is not the authority of a federation that names this service as its aggregator: create the federation on chain first.`,
    { key: name, aggregator: toBase58(ledger.aggregator) },
  );
}
