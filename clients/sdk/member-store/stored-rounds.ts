import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PlenaryError, sha256, toHex } from "@plenary/protocol";
import { readIfThere, writeDurably } from "../files/index.ts";
import { parseRoundRecord, type RoundRecord } from "./round-record.ts";

/**
 * Rounds whose payloads and states are kept: a void round's payload is signed again for the next.
 */
const KEPT_ROUNDS = 3;

/**
 * The rounds of a state folder: `rounds/N.json` holds the record of round N, `blobs/HASH` the bytes
 * that records name.
 */
export class StoredRounds {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The record of a round, or null. Throws `invalid-input` if its file is damaged. */
  async read(round: bigint): Promise<RoundRecord | null> {
    const path = this.#path(round);
    const bytes = await readIfThere(path);
    return bytes === null ? null : parseRoundRecord(parseJson(bytes, path));
  }

  async write(record: RoundRecord): Promise<RoundRecord> {
    await writeDurably(this.#path(BigInt(record.round)), `${JSON.stringify(record)}\n`);
    return record;
  }

  /** The newest record that fits, or null. */
  async newest(fits: (record: RoundRecord) => boolean): Promise<RoundRecord | null> {
    for (const round of (await this.#rounds()).reverse()) {
      const record = await this.read(round);
      if (record !== null && fits(record)) return record;
    }
    return null;
  }

  /** The records of the rounds after this one, newest first. */
  async after(round: bigint): Promise<RoundRecord[]> {
    const later = (await this.#rounds()).filter((number) => number > round).reverse();
    const records = await Promise.all(later.map((number) => this.read(number)));
    return records.filter((record) => record !== null);
  }

  /** Keeps bytes that a record is going to name, and gives their name. */
  async keepBlob(bytes: Uint8Array): Promise<string> {
    const hash = toHex(sha256(bytes));
    await writeDurably(join(this.#folder, "blobs", hash), bytes);
    return hash;
  }

  /**
   * The bytes of a name, or null if there are none, for instance because they were cleared away.
   */
  async readBlob(hash: string | null | undefined): Promise<Uint8Array | null> {
    return hash == null ? null : readIfThere(join(this.#folder, "blobs", hash));
  }

  /**
   * Removes blobs that no recent record names, among them those of an update whose record was never
   * written. The states that the last counted update left stay, however long ago it was.
   */
  async clearOldBlobs(): Promise<void> {
    const recent = (await this.#rounds()).slice(-KEPT_ROUNDS);
    const records = await Promise.all(recent.map((round) => this.read(round)));
    const counted = await this.newest(isCounted);
    const named = records.flatMap((record) => [
      record?.payloadHash,
      record?.optimizer,
      record?.pipeline,
      ...(record?.training?.checkpoints ?? []),
    ]);
    const kept = new Set([...named, counted?.optimizer, counted?.pipeline]);
    const blobs = join(this.#folder, "blobs");
    for (const file of await readdir(blobs))
      if (!kept.has(file)) await rm(join(blobs, file), { force: true });
  }

  #path(round: bigint): string {
    return join(this.#folder, "rounds", `${round}.json`);
  }

  /** Rounds with a record, ascending. */
  async #rounds(): Promise<bigint[]> {
    const files = await readdir(join(this.#folder, "rounds"));
    return files
      .filter((file) => /^[0-9]+\.json$/.test(file))
      .map((file) => BigInt(file.slice(0, -".json".length)))
      .sort((a, b) => (a < b ? -1 : 1));
  }
}

/** Whether a record's update counts in its round. */
export function isCounted({ outcome }: RoundRecord): boolean {
  return outcome === "counted";
}

/** Whether a committed round has counted or refused the update. */
export function isDecided({ outcome }: RoundRecord): boolean {
  return outcome === "counted" || outcome === "refused";
}

/** Throws `invalid-input` naming the file. */
export function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `${path} is damaged: it does not hold JSON. Restore it from a backup.`,
      { path },
      { cause },
    );
  }
}
