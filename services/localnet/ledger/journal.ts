import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { LocalnetError } from "../errors.ts";
import { syncFolder } from "./durable-file.ts";

const MAGIC = Buffer.from("PLNJRNL1");
const FRAME_LENGTH = 8;
/** No entry comes near this: a longer length is a torn one. */
const MAX_ENTRY_LENGTH = 64 * 1024 * 1024;

/** What a journal file holds: its intact entries, and where the last of them ends. */
export interface JournalContents {
  readonly entries: readonly Buffer[];
  /** Bytes of the file that are intact; what follows is the torn end of an interrupted write. */
  readonly intactLength: number;
}

/** Reads journal bytes up to the first entry that is not whole. */
export function readJournal(bytes: Buffer): JournalContents {
  const entries: Buffer[] = [];
  if (bytes.length < MAGIC.length || Buffer.compare(bytes.subarray(0, MAGIC.length), MAGIC) !== 0)
    return { entries, intactLength: 0 };
  let offset = MAGIC.length;
  while (offset + FRAME_LENGTH <= bytes.length) {
    const length = bytes.readUInt32LE(offset);
    const end = offset + FRAME_LENGTH + length;
    if (length > MAX_ENTRY_LENGTH || end > bytes.length) break;
    const entry = bytes.subarray(offset + FRAME_LENGTH, end);
    // An entry is never empty: zeros from the file system would look like one with checksum zero.
    if (length === 0 || crc32(entry) !== bytes.readUInt32LE(offset + 4)) break;
    entries.push(entry);
    offset = end;
  }
  return { entries, intactLength: offset };
}

/** Entries that go to disk together. */
interface Batch {
  readonly parts: Uint8Array[];
  readonly callbacks: (() => void)[];
  readonly done: PromiseWithResolvers<void>;
}

/**
 * An append-only file: eight bytes of magic, then length u32 | CRC-32 u32 | entry for each entry.
 * Entries that are appended during a write go to disk together with the next one, so that all
 * that wait for a flush share its cost.
 */
export class Journal {
  readonly #path: string;
  readonly #file: Promise<FileHandle>;
  readonly #onFailure: (error: LocalnetError) => void;
  /** Bytes on disk, and bytes with all that was appended. */
  #written: number;
  #length: number;
  #gathering: Batch | undefined;
  #writing: Batch | undefined;
  #failure: LocalnetError | undefined;

  /**
   * Appends behind the file's first `intactLength` bytes and cuts off the rest; creates the file
   * if that is 0. The file is opened once `after` has resolved; entries can be appended before.
   * `onFailure` is called once if a write fails: the node must stop, because it has executed what
   * is not on disk.
   */
  constructor(options: {
    path: string;
    intactLength: number;
    after: Promise<void>;
    onFailure: (error: LocalnetError) => void;
  }) {
    this.#path = options.path;
    this.#onFailure = options.onFailure;
    this.#written = Math.max(options.intactLength, MAGIC.length);
    this.#length = this.#written;
    this.#file = options.after.then(() => openAt(options.path, options.intactLength));
    this.#file.catch((error: unknown) => this.#fail(undefined, error));
  }

  /** Bytes of the file, entries not yet written included. */
  get length(): number {
    return this.#length;
  }

  /** Adds an entry. Once it is on disk, `whenDurable` is called, in the order of the entries. */
  append(entry: Uint8Array, whenDurable: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    const frame = Buffer.alloc(FRAME_LENGTH);
    frame.writeUInt32LE(entry.length, 0);
    frame.writeUInt32LE(crc32(entry), 4);
    if (this.#gathering === undefined) {
      this.#gathering = { parts: [], callbacks: [], done: Promise.withResolvers() };
      // A caller that awaits the batch sees its failure; without one it is not a second error.
      this.#gathering.done.promise.catch(() => undefined);
      if (this.#writing === undefined) setImmediate(() => this.#writeNext());
    }
    this.#gathering.parts.push(frame, entry);
    this.#gathering.callbacks.push(whenDurable);
    this.#length += FRAME_LENGTH + entry.length;
  }

  /** Resolves when everything appended before is on disk; rejects with `ledger-write-failed`. */
  async durable(): Promise<void> {
    await (this.#gathering ?? this.#writing)?.done.promise;
    await this.#file.catch(() => undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    try {
      await this.durable();
    } finally {
      const file = await this.#file.catch(() => undefined);
      await file?.close();
    }
  }

  #writeNext(): void {
    const batch = this.#gathering;
    this.#gathering = undefined;
    this.#writing = batch;
    if (batch === undefined) return;
    this.#write(batch).then(
      () => {
        for (const callback of batch.callbacks) callback();
        batch.done.resolve();
        this.#writeNext();
      },
      (error: unknown) => this.#fail(batch, error),
    );
  }

  async #write(batch: Batch): Promise<void> {
    const file = await this.#file;
    const bytes = Buffer.concat(batch.parts);
    let offset = 0;
    while (offset < bytes.length) {
      const position = this.#written + offset;
      offset += (await file.write(bytes, offset, bytes.length - offset, position)).bytesWritten;
    }
    await file.datasync();
    this.#written += bytes.length;
  }

  #fail(batch: Batch | undefined, cause: unknown): void {
    const first = this.#failure === undefined;
    this.#failure ??= this.#failureFrom(cause);
    batch?.done.reject(this.#failure);
    this.#gathering?.done.reject(this.#failure);
    if (first) this.#onFailure(this.#failure);
  }

  #failureFrom(cause: unknown): LocalnetError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new LocalnetError(
      "ledger-write-failed",
      `The ledger cannot be written (${this.#path}: ${reason}): the node stops, because it could not keep what it confirms. Free space or repair the disk, then start it again.`,
      { path: this.#path },
      { cause },
    );
  }
}

async function openAt(path: string, intactLength: number): Promise<FileHandle> {
  const file = await open(path, intactLength === 0 ? "w" : "r+");
  try {
    if (intactLength === 0) await file.write(MAGIC, 0, MAGIC.length, 0);
    else await file.truncate(intactLength);
    await file.sync();
    syncFolder(dirname(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
