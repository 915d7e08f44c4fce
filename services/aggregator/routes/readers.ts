import { PlenaryError, REQUEST_HEADERS, sha256, toHex } from "@plenary/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isPrivate, isReader, mayReadBlob, requireReader } from "../rounds/access/readers.ts";
import type { Context } from "../rounds/context.ts";
import type { FederationRow } from "../store/federations.ts";
import type { SignedRequests } from "./signed.ts";

/** One who was let in to read. */
export interface Reader {
  /** Asks again, for answers that go on for long. */
  stillMay(): Promise<boolean>;
}

export interface Readers {
  /**
   * Lets anybody read of a public federation, and of a private one who may, by a signed request. Throws `member-unknown`,
   * `member-inactive`, and as `authenticate` does. What is about one member that member may always read.
   */
  admit(
    request: FastifyRequest,
    reply: FastifyReply,
    federation: FederationRow,
    about?: Uint8Array,
  ): Promise<Reader>;
  /** Whether everybody may read a blob, or some of whom the requester is one. Throws `not-found`, as for a blob that is not there. */
  admitToBlob(request: FastifyRequest, hash: Uint8Array): Promise<"everybody" | "some">;
}

const EVERYBODY: Reader = { stillMay: async () => true };
/** Names of blobs that stay in memory once they were found to be public, which they are for ever. */
const KEPT = 10_000;

export function createReaders(context: Context, { authenticate }: SignedRequests): Readers {
  const open = new Set<string>();
  return {
    async admit(request, reply, federation, about) {
      if (!isPrivate(federation)) return EVERYBODY;
      // A refusal too: a cache in between knows nothing of signatures.
      reply.header("cache-control", "no-store");
      const key = await authenticate(request, sha256());
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
      // Whether there is such a blob is not told before it is known who asks.
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
    `There is no blob ${hash} that this request may read: those of a private federation are for its members' signed requests.`,
    { hash },
  );
}
