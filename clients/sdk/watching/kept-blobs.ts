import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PlenaryError, toHex } from "@plenary/protocol";
import type { DownloadOptions } from "@plenary/service";
import { fileError, isTemporary, makeFolder, writeDurably } from "../files/index.ts";
import { type BlobSource, openBlobSource } from "../verification/index.ts";

export interface KeptBlobsOptions {
  /** Files that are named by their SHA-256, as whoever has a mirror lays them out. */
  readonly folder: string;
  /** Who has what is not kept yet. */
  readonly source: BlobSource;
  /** Names that a round is known to use (see WatchRecord). */
  readonly known: ReadonlySet<string>;
  /** Told once when bytes cannot be kept, and again after some could. */
  readonly onFailure: (error: Error) => void;
  /** As writeDurably. */
  readonly write?: (path: string, bytes: Uint8Array) => Promise<void>;
}

const NAME = /^[0-9a-f]{64}$/;

/**
 * Public bytes that are downloaded once and kept: the source may withdraw them the moment after. What cannot be kept is handed on all the
 * same.
 */
export class KeptBlobs implements BlobSource {
  readonly #options: KeptBlobsOptions;
  readonly #kept: BlobSource;
  /** Asked for as `claiming` since the last claim; what was left by a process that was killed before its claim counts too. */
  readonly #used: Set<string>;
  /** The same for what is computed of a round, which can then claim all that it asked for. */
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

  /** Makes the folder if need be, and clears away what was half written. Throws `file-unreadable`. */
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

  /** Kept bytes, else the source's. Throws as the source does. */
  async download(hash: Uint8Array, options?: DownloadOptions): Promise<Uint8Array> {
    const name = toHex(hash);
    const kept = await this.#kept.download(hash).catch(nullIfUnusable);
    const bytes = kept ?? (await this.#options.source.download(hash, options));
    if (kept === null) await this.#keep(name, bytes);
    return bytes;
  }

  /** The names of what was asked for as `claiming` since the last time: from now on somebody else remembers them. */
  claim(): string[] {
    const names = [...this.#used];
    this.#used.clear();
    return names;
  }

  /** Deletes bytes, where they are there, but for those that the next claim names. */
  async forget(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      if (this.#used.has(name)) continue;
      const path = join(this.#options.folder, name);
      await rm(path, { force: true }).catch((cause: unknown) =>
        this.#options.onFailure(
          fileError(path, "Cannot delete a blob that is needed no longer", cause),
        ),
      );
    }
  }

  /** One at a time: two that want the same bytes would write the same file. */
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

/** Absent, or damaged on this disk: the source may have it whole. */
function nullIfUnusable(error: unknown): null {
  if (error instanceof PlenaryError) return null;
  throw error;
}
