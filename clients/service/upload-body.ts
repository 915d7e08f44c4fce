import type { TransferProgress } from "./blob-download.ts";

const PIECE = 64 * 1024;

/** What `fetch` needs for a body. Small bodies go at once, larger ones as a stream that tells how far it is. */
export function uploadBody(
  body: Uint8Array | undefined,
  onProgress: (progress: TransferProgress) => void,
): { readonly headers: Record<string, string>; readonly init: RequestInit & { duplex?: "half" } } {
  if (body === undefined) return { headers: {}, init: {} };
  const total = body.length;
  if (total <= PIECE) return { headers: {}, init: { body: Uint8Array.from(body) } };
  let offset = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = body.subarray(offset, offset + PIECE);
      if (piece.length > 0) controller.enqueue(piece);
      offset += piece.length;
      onProgress({ bytes: offset, total });
      if (offset >= total) controller.close();
    },
  });
  // The length is known: without it the service would see a chunked body and could not refuse one that is too large at once.
  return { headers: { "content-length": String(total) }, init: { body: stream, duplex: "half" } };
}
