import { equalBytes, PlenaryError, sha256, toHex } from "@plenary/protocol";
import type { ServiceConnection } from "./connection.ts";
import { signedHeaders } from "./request-signer.ts";
import { withRetries } from "./retry.ts";
import { confirm, refusalOf, unreachable } from "./service-errors.ts";
import { startWatchdog, type TransferProgress } from "./transfer.ts";

/** A signal that ends the download, and a callback that is told of its progress. */
export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/** The part of a blob that has arrived. */
interface Partial {
  readonly pieces: Uint8Array[];
  bytes: number;
  total: number | null;
}

/**
 * Downloads a blob whose SHA-256 is known. Each attempt continues where the last one stopped, by a
 * range request; the hash covers the whole. Throws `verification-failed` on other bytes, and what
 * `ServiceClient.call` throws.
 */
export async function downloadBlob(
  connection: ServiceConnection,
  path: string,
  hash: Uint8Array,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const partial: Partial = { pieces: [], bytes: 0, total: null };
  await withRetries(connection.retry, options.signal, () =>
    continueDownload(connection, path, partial, options),
  );
  const blob = joined(partial);
  const actual = sha256(blob);
  if (equalBytes(actual, hash)) return blob;
  throw new PlenaryError(
    "verification-failed",
    `The service sent other bytes than asked for: their hash is ${toHex(actual)}, not ${toHex(hash)}. Do not trust it.`,
    { expected: toHex(hash), actual: toHex(actual), url: `${connection.url}${path}` },
  );
}

async function continueDownload(
  { url, timeout, signer }: ServiceConnection,
  path: string,
  partial: Partial,
  { signal, onProgress }: DownloadOptions,
): Promise<void> {
  const watchdog = startWatchdog(timeout, signal);
  try {
    const response = await fetch(`${url}${path}`, {
      headers: {
        ...(partial.bytes > 0 && { range: `bytes=${partial.bytes}-` }),
        ...(signer && signedHeaders(signer, { method: "GET", path })),
      },
      signal: watchdog.signal,
      redirect: "error",
    });
    if (response.status !== 200 && response.status !== 206) throw await refusalOf(url, response);
    begin(response, partial);
    for await (const piece of response.body ?? []) {
      watchdog.restart();
      partial.pieces.push(piece);
      partial.bytes += piece.length;
      onProgress?.({ bytes: partial.bytes, total: partial.total });
    }
    if (partial.total !== null && partial.bytes < partial.total)
      throw new Error(`the transfer ended after ${partial.bytes} of ${partial.total} bytes`);
    confirm(url);
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause instanceof PlenaryError ? cause : unreachable(url, cause, watchdog.timedOut);
  } finally {
    watchdog.stop();
  }
}

/** Reads the response's length. Starts over if the service sends the whole instead of the rest. */
function begin(response: Response, partial: Partial): void {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  const continues = response.status === 206 && Number(range?.[1]) === partial.bytes;
  if (!continues) {
    if (response.status === 206) throw new Error("the service sent another range than asked for");
    partial.pieces.length = 0;
    partial.bytes = 0;
  }
  const length = response.headers.get("content-length");
  if (continues) partial.total = Number(range?.[2]);
  else partial.total = length === null ? null : Number(length);
}

function joined({ pieces, bytes }: Partial): Uint8Array {
  const out = new Uint8Array(bytes);
  let offset = 0;
  for (const piece of pieces) {
    out.set(piece, offset);
    offset += piece.length;
  }
  return out;
}
