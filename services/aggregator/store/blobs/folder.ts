import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { equalBytes, PlenaryError, sha256, toHex } from "@plenary/protocol";
import type { BlobExpectation, BlobStore } from "./blob-store.ts";
import { type Files, nodeFiles, type OpenFile } from "./files.ts";
import { isOrphan, temporaryName, writing } from "./temporary-name.ts";

const ABANDONED_AFTER_MILLISECONDS = 24 * 3_600_000;

/**
 * Sockets deliver pieces of 64 KiB. A call of the file system for each would cost more than the
 * hashing.
 */
const BATCH_BYTES = 512 * 1024;

/**
 * Blobs as files: <folder>/<hash>. A file is written under another name, synced and renamed, and
 * its folder is synced, so that a name always means all of the bytes, whenever the machine stops.
 * Written by hand, because write-file-atomic takes whole buffers, and payloads are streams that are
 * hashed while they are written.
 */
export async function folderBlobStore(
  folder: string,
  files: Files = nodeFiles,
): Promise<BlobStore> {
  const incoming = join(folder, "incoming");
  try {
    await files.makeFolder(incoming);
    await removeAbandoned(files, incoming);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  const pathOf = (hash: Uint8Array) => join(folder, toHex(hash));
  const syncNames = sharedSync(() => files.syncFolder(folder));
  const sizeOf = async (hash: Uint8Array): Promise<number | undefined> => {
    try {
      return (await files.stat(pathOf(hash))).size;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  };
  const store = (hash: Uint8Array, fill: (file: OpenFile) => Promise<void>) =>
    storeFile(files, { incoming, path: pathOf(hash), syncNames }, fill);
  return {
    size: sizeOf,
    async read(hash) {
      try {
        return await files.read(pathOf(hash));
      } catch (cause) {
        if (codeOf(cause) !== "ENOENT") throw cause;
        throw new PlenaryError(
          "not-found",
          `There is no blob ${toHex(hash)}.`,
          { hash: toHex(hash) },
          { cause },
        );
      }
    },
    stream: (hash, range) =>
      createReadStream(pathOf(hash), { ...range, highWaterMark: 256 * 1024 }),
    async write(bytes) {
      const hash = sha256Of(bytes);
      if ((await sizeOf(hash)) !== bytes.length) await store(hash, (file) => file.write([bytes]));
      // Another process may have renamed the file and been killed before it synced the name. A
      // power cut would then take the name away again.
      else await syncNames();
      return hash;
    },
    async receive(source, expected) {
      let length = 0;
      await store(expected.hash, async (file) => {
        length = await receiveInto(file, source, expected);
      });
      return length;
    },
    async problem() {
      try {
        await store(sha256(), (file) => file.write([]));
        return undefined;
      } catch (error) {
        return error instanceof PlenaryError ? error : unwritable(folder, error);
      }
    },
  };
}

/**
 * Removes what stopped processes had half received: a process that is killed again and again would
 * fill the disk in a day. A file that another machine or another running process writes may still
 * be growing, unless it is very old.
 */
async function removeAbandoned(files: Files, incoming: string): Promise<void> {
  const oldest = Date.now() - ABANDONED_AFTER_MILLISECONDS;
  for (const name of await files.list(incoming)) {
    const path = join(incoming, name);
    const found = await files.stat(path).catch(() => undefined);
    if (found !== undefined && (found.mtimeMs < oldest || isOrphan(name))) await files.remove(path);
  }
}

/** Fast for megabytes, where the portable implementation is not. */
function sha256Of(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

interface Place {
  readonly incoming: string;
  readonly path: string;
  readonly syncNames: () => Promise<void>;
}

async function storeFile(
  files: Files,
  { incoming, path, syncNames }: Place,
  fill: (file: OpenFile) => Promise<void>,
): Promise<void> {
  const name = temporaryName();
  const temporary = join(incoming, name);
  writing.add(name);
  try {
    const file = await files.create(temporary);
    try {
      await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
    await syncNames();
  } catch (error) {
    await files.remove(temporary).catch(() => {});
    throw codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT" ? storageFull(error) : error;
  } finally {
    writing.delete(name);
  }
}

/**
 * Syncs a folder once for all callers that wait for the sync before: it starts after their renames.
 */
function sharedSync(sync: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    if (next !== undefined) return next;
    const start = async () => {
      next = undefined;
      await sync();
    };
    next = running.then(start, start);
    running = next;
    return next;
  };
}

async function receiveInto(
  file: OpenFile,
  source: AsyncIterable<Uint8Array>,
  expected: BlobExpectation,
): Promise<number> {
  const hash = createHash("sha256");
  const limit = Math.min(expected.limit, expected.length ?? expected.limit);
  const writer = batchWriter(file);
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > limit)
      throw new PlenaryError(
        "payload-too-large",
        `The body is longer than the ${limit} bytes allowed.`,
        {
          limit,
        },
      );
    await writer.add(chunk);
    hash.update(chunk);
  }
  await writer.finish();
  checkReceived(length, hash, expected);
  return length;
}

/** Writes in few large calls. One is under way while the next bytes come in and are hashed. */
function batchWriter(file: OpenFile): {
  add(chunk: Uint8Array): Promise<void>;
  finish(): Promise<void>;
} {
  let batch: Uint8Array[] = [];
  let size = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await writing;
    if (size === 0) return;
    writing = file.write(batch);
    // The next caller that awaits it gets the failure.
    writing.catch(() => {});
    [batch, size] = [[], 0];
  };
  return {
    async add(chunk) {
      batch.push(chunk);
      size += chunk.length;
      if (size >= BATCH_BYTES) await flush();
    },
    async finish() {
      await flush();
      await writing;
    },
  };
}

function checkReceived(length: number, hash: Hash, expected: BlobExpectation): void {
  if (expected.length !== undefined && length < expected.length)
    throw new PlenaryError(
      "payload-truncated",
      `The body ended after ${length} of ${expected.length} bytes: send it again.`,
      { expected: expected.length, actual: length },
    );
  const digest = new Uint8Array(hash.digest());
  if (!equalBytes(digest, expected.hash))
    throw new PlenaryError(
      "payload-hash-mismatch",
      "The body does not have the SHA-256 that was announced.",
      {
        expected: toHex(expected.hash),
        actual: toHex(digest),
      },
    );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

function storageFull(cause: unknown): PlenaryError {
  return new PlenaryError(
    "storage-full",
    "The service's disk is full. Nothing of this request was kept; try again when there is space.",
    {},
    { cause },
  );
}

function unwritable(folder: string, cause: unknown): PlenaryError {
  return new PlenaryError(
    "file-permissions",
    `Cannot write in the blob folder ${folder} (${codeOf(cause) ?? String(cause)}): PLENARY_BLOBS must name a folder that this user can write.`,
    { path: folder },
    { cause },
  );
}
