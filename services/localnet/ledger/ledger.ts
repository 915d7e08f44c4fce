import { accessSync, constants, mkdirSync } from "node:fs";
import { LocalnetError } from "../errors.ts";
import { writeDurably } from "./durable-file.ts";
import { lockFolder } from "./folder-lock.ts";
import { createIdentity, type LedgerIdentity, readIdentity } from "./identity.ts";
import { Journal } from "./journal.ts";
import { guardAccess } from "./ledger-errors.ts";
import {
  encodeSnapshot,
  fileOf,
  type LedgerContents,
  readContents,
  removeDrafts,
  removeOld,
} from "./segments.ts";

export interface LedgerOptions {
  readonly folder: string;
  /** Milliseconds since 1970 at which slot 0 began, for a ledger that this call creates. */
  readonly genesisTime: number;
  /** A journal file that grows past this many bytes is closed with a snapshot. */
  readonly segmentBytes: number;
  /** Journal files that only hold history are removed once those kept exceed this many bytes. */
  readonly historyBytes: number;
  readonly onFailure: (error: LocalnetError) => void;
}

/**
 * The folder of a chain: `ledger.json` (its identity), `snapshot-N` (a state of the virtual
 * machine), `journal-N` (what happened between snapshots N and N+1) and `lock.db`. A new ledger
 * has no snapshot 0: its first state is that of a fresh virtual machine.
 */
export class Ledger {
  readonly identity: LedgerIdentity;
  readonly #options: LedgerOptions;
  readonly #unlock: () => void;
  #number: number;
  #journal: Journal;
  /** The last snapshot on its way to disk. */
  #rotation: Promise<void> = Promise.resolve();
  #rotating = false;

  private constructor(
    options: LedgerOptions,
    identity: LedgerIdentity,
    number: number,
    journal: Journal,
    unlock: () => void,
  ) {
    this.#options = options;
    this.identity = identity;
    this.#number = number;
    this.#journal = journal;
    this.#unlock = unlock;
  }

  /**
   * Opens a ledger, or creates it. Throws `ledger-unwritable`, `ledger-in-use`, `ledger-damaged`.
   */
  static async open(options: LedgerOptions): Promise<{ ledger: Ledger; contents: LedgerContents }> {
    const { folder, onFailure } = options;
    const unlock = guardAccess(folder, () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
      return lockLedger(folder);
    });
    try {
      return guardAccess(folder, () => {
        removeDrafts(folder);
        const identity = readIdentity(folder) ?? createIdentity(folder, options.genesisTime);
        const { contents, number, intactLength } = readContents(folder);
        const path = fileOf(folder, "journal", number);
        const journal = new Journal({ path, intactLength, after: Promise.resolve(), onFailure });
        return { ledger: new Ledger(options, identity, number, journal, unlock), contents };
      });
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Writes an entry. See `Journal.append`. */
  append(entry: Uint8Array, whenDurable: () => void): void {
    this.#journal.append(entry, whenDurable);
  }

  /** Resolves when everything appended before this call is on disk. */
  async durable(): Promise<void> {
    await this.#journal.durable();
  }

  /** Whether the journal has grown so long that the caller should take a snapshot. */
  get wantsSnapshot(): boolean {
    return !this.#rotating && this.#journal.length > this.#options.segmentBytes;
  }

  /**
   * Stores `state`, which must hold exactly what was appended so far, and begins a new journal
   * file, so that a start applies only later entries. Entries can be appended meanwhile;
   * `durable` then waits for the snapshot too.
   */
  snapshot(state: Uint8Array): void {
    const { folder, onFailure, historyBytes } = this.#options;
    const previous = this.#journal;
    const number = this.#number + 1;
    this.#rotating = true;
    this.#rotation = previous
      .close()
      .then(() => writeDurably(fileOf(folder, "snapshot", number), encodeSnapshot(state)))
      .then(() => removeOld(folder, number, historyBytes))
      .finally(() => {
        this.#rotating = false;
      });
    const path = fileOf(folder, "journal", number);
    this.#journal = new Journal({ path, intactLength: 0, after: this.#rotation, onFailure });
    this.#number = number;
  }

  async close(): Promise<void> {
    try {
      await this.#journal.close();
    } finally {
      this.#unlock();
    }
  }
}

/** Takes the folder for this process, or throws `ledger-in-use`. Returns the release. */
function lockLedger(folder: string): () => void {
  const lock = lockFolder(folder);
  if (!("holder" in lock)) return lock.release;
  const process = lock.holder === null ? "" : ` (process ${lock.holder.pid})`;
  throw new LocalnetError(
    "ledger-in-use",
    `Another localnet${process} uses the ledger folder ${folder}: stop it, or set PLENARY_LOCALNET_LEDGER to another folder.`,
    { folder, ...(lock.holder !== null && { pid: lock.holder.pid }) },
  );
}
