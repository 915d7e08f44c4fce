import { PlenaryError, REQUEST_HEADERS, sha256, toHex } from "@plenary/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isPrivate, isReader, mayReadBlob, requireReader } from "../rounds/access/readers.ts";
import type { Context } from "../rounds/context.ts";
import type { FederationRow } from "../store/federations.ts";
import type { SignedRequests } from "./signed.ts";

/** A requester that was admitted to read. */
export interface Reader {
  /** Asks again, for answers that take long. */
  stillMay(): Promise<boolean>;
}

export interface ReaderAccess {
  /**
   * Admits anyone to a public federation, and readers of a private one by a signed request. A
   * member may always read what is `about` itself. Throws `member-unknown`, `member-inactive`, and
   * as `authenticate` does.
   */
  admit(
    request: FastifyRequest,
    reply: FastifyReply,
    federation: FederationRow,
    about?: Uint8Array,
  ): Promise<Reader>;
  /**
   * Whether everybody may read a blob, or only some, of whom the requester is one. Throws
   * `not-found`, as for a blob that does not exist.
   */
  admitToBlob(request: FastifyRequest, hash: Uint8Array): Promise<"everybody" | "some">;
}

const EVERYBODY: Reader = { stillMay: async () => true };
/** Names of public blobs that stay in memory. A public blob stays public. */
const KEPT = 10_000;

export function createReaderAccess(
  context: Context,
  { authenticate }: SignedRequests,
): ReaderAccess {
  const open = new Set<string>();
  return {
    async admit(request, reply, federation, about) {
      if (!isPrivate(federation)) return EVERYBODY;
      // Refusals too, because caches on the way do not look at signatures.
      reply.header("cache-control", "no-store");
      const key = await authenticate(request, request.bodyHash);
      await requireReader(context, federation, key, about);
      return { stillMay: () => isReader(context, federation, key) };
    },
    async admitToBlob(request, hash) {
      const name = toHex(hash);
      if (open.has(name)) return "everybody";
      if (await mayReadBlob(context, hash, undefined)) {
        if (open.size === KEPT) open.clear();
        open.add(name);
        return "everybody";
      }
      // Whether the blob exists is not told to unknown requesters.
      const signed = request.headers[REQUEST_HEADERS.key] !== undefined;
      const key = signed ? await authenticate(request, sha256()) : undefined;
      if (key === undefined || !(await mayReadBlob(context, hash, key))) throw noBlob(name);
      return "some";
    },
  };
}

export function noBlob(hash: string): PlenaryError {
  return new PlenaryError(
    "not-found",
    `There is no blob ${hash} that this request may read: blobs of a private federation are for its readers' signed requests.`,
    { hash },
  );
}
