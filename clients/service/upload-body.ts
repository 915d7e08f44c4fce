import type { TransferProgress } from "./transfer.ts";

const PIECE = 64 * 1024;

/** What `fetch` needs for a body. A large body is a stream that reports its progress. */
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
  // The length is stated so that the service can refuse a body that is too large at once.
  return { headers: { "content-length": String(total) }, init: { body: stream, duplex: "half" } };
}
