import { createHash } from "node:crypto";
import { PlenaryError, toHex } from "@plenary/protocol";
import { signedHeaders } from "./request-signer.ts";
import { withRetries } from "./retry.ts";
import type { DownloadOptions, ServiceClient } from "./service-client.ts";
import { refusalOf, unreachable } from "./service-errors.ts";

/** Bytes moved so far; `total` is null where the other side did not say. */
export interface TransferProgress {
  readonly bytes: number;
  readonly total: number | null;
}

/** What has arrived of a blob. */
interface Partial {
  readonly pieces: Uint8Array[];
  bytes: number;
  total: number | null;
}

/**
 * Downloads a blob whose SHA-256 is known. Each attempt goes on where the last one stopped, by a range request; the hash covers it all.
 */
export async function downloadBlob(
  client: ServiceClient,
  path: string,
  hash: Uint8Array,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const partial: Partial = { pieces: [], bytes: 0, total: null };
  await withRetries(client.retry, options.signal, () =>
    continueDownload(client, path, partial, options),
  );
  const digest = createHash("sha256");
  for (const piece of partial.pieces) digest.update(piece);
  const actual = digest.digest();
  if (!actual.equals(hash))
    throw new PlenaryError(
      "verification-failed",
      `The service sent other bytes than asked for: their hash is ${toHex(actual)}, not ${toHex(hash)}. Do not trust it.`,
      { expected: toHex(hash), actual: toHex(actual), url: `${client.url}${path}` },
    );
  return joined(partial);
}

async function continueDownload(
  client: ServiceClient,
  path: string,
  partial: Partial,
  { signal, onProgress }: DownloadOptions,
): Promise<void> {
  const timer = new AbortController();
  let watchdog = setTimeout(() => timer.abort(), client.timeout);
  try {
    const response = await fetch(`${client.url}${path}`, {
      headers: {
        ...(partial.bytes > 0 && { range: `bytes=${partial.bytes}-` }),
        ...(client.signer && signedHeaders(client.signer, { method: "GET", path })),
      },
      signal: signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal]),
      redirect: "error",
    });
    if (response.status !== 200 && response.status !== 206) throw await refusalOf(response);
    begin(response, partial);
    for await (const piece of response.body ?? []) {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => timer.abort(), client.timeout);
      partial.pieces.push(piece);
      partial.bytes += piece.length;
      onProgress?.({ bytes: partial.bytes, total: partial.total });
    }
    if (partial.total !== null && partial.bytes < partial.total)
      throw new Error(`the transfer ended after ${partial.bytes} of ${partial.total} bytes`);
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause instanceof PlenaryError
      ? cause
      : unreachable(client.url, cause, timer.signal.aborted);
  } finally {
    clearTimeout(watchdog);
  }
}

/** Takes in the response's length, and starts over if the service sends the whole instead of the rest. */
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
