import { Readable } from "node:stream";
import { fromHex, PlenaryError } from "@plenary/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Context } from "../rounds/context.ts";
import { storeBlob } from "../rounds/federations/store-blob.ts";
import type { BlobRange } from "../store/blobs/index.ts";
import { streamOf } from "./bodies.ts";
import type { Handlers } from "./mount.ts";
import { noBlob, type ReaderAccess } from "./reader-access.ts";

type BlobHandlers = Pick<Handlers, "blobRead" | "blobWrite">;

export function blobHandlers(
  context: Context,
  { admitToBlob }: ReaderAccess,
  maxBlobBytes: number,
): BlobHandlers {
  const { blobs } = context;
  return {
    blobRead: async ({ params, request, reply }) => {
      const hash = fromHex(params.hash, 32);
      reply.header("cache-control", "no-store");
      const readers = await admitToBlob(request, hash);
      const size = await blobs.size(hash);
      if (size === undefined) throw noBlob(params.hash);
      // A name stands for its bytes for ever.
      if (readers === "everybody")
        reply.header("cache-control", "public, max-age=31536000, immutable");
      const etag = `"${params.hash}"`;
      reply.header("etag", etag).header("accept-ranges", "bytes").type("application/octet-stream");
      if (matches(request.headers["if-none-match"], etag)) return reply.code(304).send();
      const range = rangeOf(request, size, etag);
      if (range !== undefined)
        reply.code(206).header("content-range", `bytes ${range.start}-${range.end}/${size}`);
      reply.header("content-length", range === undefined ? size : range.end - range.start + 1);
      return send(request, reply, () => blobs.stream(hash, range));
    },
    blobWrite: async ({ params, requester, request, reply }) => {
      const hash = fromHex(params.hash, 32);
      const blob = { hash, limit: maxBlobBytes };
      const length = await storeBlob(context, requester, blob, () => streamOf(request));
      reply.header("location", `/v1/blobs/${params.hash}`);
      return { hash: params.hash, bytes: length };
    },
  };
}

/** For HEAD an empty stream, because Fastify takes the length of anything else for the blob's. */
function send(request: FastifyRequest, reply: FastifyReply, open: () => Readable): FastifyReply {
  return reply.send(request.method === "HEAD" ? Readable.from([]) : open());
}

function matches(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined &&
    (header.trim() === "*" || header.split(",").some((tag) => tag.trim() === etag))
  );
}

/**
 * The requested range (RFC 9110, section 14). Several ranges and unknown units are answered with
 * the whole. By hand, although range-parser exists: it refuses a suffix that is longer than the
 * blob. Throws `range-not-satisfiable`.
 */
function rangeOf(request: FastifyRequest, size: number, etag: string): BlobRange | undefined {
  const { range, "if-range": condition } = request.headers;
  if (range === undefined || (condition !== undefined && condition !== etag)) return undefined;
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range.trim()) ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  if (start > end || start >= size)
    throw new PlenaryError("range-not-satisfiable", `The blob has ${size} bytes.`, {
      size,
      range: range.slice(0, 100),
    });
  return { start, end };
}
