import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PlenaryError, toHex } from "@plenary/protocol";
import type { DownloadOptions } from "@plenary/service";
import { fileError, isTemporary, makeFolder, writeDurably } from "../files/index.ts";
import { type BlobSource, openBlobSource } from "../verification/index.ts";

export interface KeptBlobsOptions {
  /** Files that are named by their SHA-256, laid out as in a mirror. */
  readonly folder: string;
  /** The source of what is not kept yet. */
  readonly source: BlobSource;
  /** Names that a round is known to use (see WatchRecord). */
  readonly known: ReadonlySet<string>;
  /** Called once when bytes cannot be kept, and again if that happens after some could be kept. */
  readonly onFailure: (error: Error) => void;
  /** Writes like `writeDurably`. */
  readonly write?: (path: string, bytes: Uint8Array) => Promise<void>;
}

const NAME = /^[0-9a-f]{64}$/;

/**
 * Public bytes that are downloaded once and kept, because the source may withdraw them a moment
 * later. Bytes that cannot be kept are handed on nevertheless.
 */
export class KeptBlobs implements BlobSource {
  readonly #options: KeptBlobsOptions;
  readonly #kept: BlobSource;
  /**
   * Asked for through `claiming` since the last claim. What a process left that was killed before
   * its claim counts too.
   */
  readonly #used: Set<string>;
  /**
   * The same source for one round's computation, which can then claim everything that it asked for.
   */
  readonly claiming: BlobSource = {
    download: async (hash, options) => {
      const bytes = await this.download(hash, options);
      this.#used.add(toHex(hash));
      return bytes;
    },
  };
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;

  private constructor(options: KeptBlobsOptions, used: Set<string>) {
    this.#options = options;
    this.#kept = openBlobSource(options.folder);
    this.#used = used;
  }

  /** Makes the folder if needed, and clears away half-written files. Throws `file-unreadable`. */
  static async open(options: KeptBlobsOptions): Promise<KeptBlobs> {
    const { folder, known } = options;
    await makeFolder(folder);
    const files = await readdir(folder).catch((cause: unknown) => {
      throw fileError(folder, "Cannot read the folder of kept blobs", cause);
    });
    for (const file of files.filter(isTemporary)) await rm(join(folder, file), { force: true });
    return new KeptBlobs(
      options,
      new Set(files.filter((file) => NAME.test(file) && !known.has(file))),
    );
  }

  /** Reads kept bytes, or the source's. Throws the source's errors. */
  async download(hash: Uint8Array, options?: DownloadOptions): Promise<Uint8Array> {
    const name = toHex(hash);
    const kept = await this.#kept.download(hash).catch(nullIfUnusable);
    const bytes = kept ?? (await this.#options.source.download(hash, options));
    if (kept === null) await this.#keep(name, bytes);
    return bytes;
  }

  /**
   * The names of what was asked for through `claiming` since the last call. From now on the caller
   * remembers them.
   */
  claim(): string[] {
    const names = [...this.#used];
    this.#used.clear();
    return names;
  }

  /** Deletes bytes if they exist, except those that the next claim names. */
  async forget(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      if (this.#used.has(name)) continue;
      const path = join(this.#options.folder, name);
      await rm(path, { force: true }).catch((cause: unknown) =>
        this.#options.onFailure(
          fileError(path, "Cannot delete a blob that is no longer needed", cause),
        ),
      );
    }
  }

  /** One at a time: two writers of the same bytes would write the same file. */
  #keep(name: string, bytes: Uint8Array): Promise<void> {
    const { folder, write = writeDurably, onFailure } = this.#options;
    this.#writing = this.#writing.then(async () => {
      const path = join(folder, name);
      try {
        await write(path, bytes);
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) onFailure(error instanceof Error ? error : new Error(String(error)));
        this.#isFailing = true;
      }
    });
    return this.#writing;
  }
}

/** Absent, or damaged on this disk. The source may have it whole. */
function nullIfUnusable(error: unknown): null {
  if (error instanceof PlenaryError) return null;
  throw error;
}
