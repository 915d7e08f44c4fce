import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import bs58 from "bs58";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { LocalnetError, systemErrorCode } from "../errors.ts";
import { Journal, readJournal } from "./journal.ts";
import { lockLedger } from "./lock.ts";

const IDENTITY_FILE = "ledger.json";
const SNAPSHOT_MAGIC = Buffer.from("PLNSNAP1");

const Identity = Type.Object({
  version: Type.Literal(1),
  genesisHash: Type.String(),
  genesisTime: Type.Integer({ minimum: 0 }),
  seed: Type.String(),
  faucet: Type.String(),
});
/**
 * What makes a ledger this ledger. `genesisHash` in base58; `genesisTime` in milliseconds since 1970; `seed` (hex) is what hashes of
 * slots derive from and `faucet` (hex) the Ed25519 seed of the account that pays airdrops: both secret.
 */
export type LedgerIdentity = Static<typeof Identity>;
const identitySchema = Compile(Identity);

/** What a ledger folder held when it was opened. Entries are the journal's, oldest first. */
export interface LedgerContents {
  /** The newest snapshot of the virtual machine; `null` in a new ledger. */
  readonly snapshot: Uint8Array | null;
  /** Entries that the snapshot already contains: history only. */
  readonly before: readonly Buffer[];
  /** Entries to apply to the snapshot. */
  readonly after: readonly Buffer[];
  /** Bytes cut off the journal's end because the write that made them was interrupted. */
  readonly tornBytes: number;
}

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
 * The folder in which a chain lives: `ledger.json` (its identity), `snapshot-N` (a state of the virtual machine), `journal-N` (what
 * happened after snapshot N, up to snapshot N+1) and `lock`. A new ledger has no snapshot 0: its first state is the fresh one.
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

  /** Opens a ledger, or creates it. Throws `ledger-unwritable`, `ledger-in-use`, `ledger-damaged`. */
  static async open(options: LedgerOptions): Promise<{ ledger: Ledger; contents: LedgerContents }> {
    const { folder, onFailure } = options;
    const unlock = guardAccess(folder, () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
      return lockLedger(folder);
    });
    try {
      return guardAccess(folder, () => {
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
   * Stores `state`, which must hold exactly what was appended so far, and begins a new journal file, so that a start applies only
   * what comes later. Appending goes on meanwhile; `durable` then also waits for the snapshot.
   */
  snapshot(state: Uint8Array): void {
    const { folder, onFailure, historyBytes } = this.#options;
    const previous = this.#journal;
    const number = this.#number + 1;
    this.#rotating = true;
    this.#rotation = previous
      .close()
      .then(() => writeDurably(folder, fileOf(folder, "snapshot", number), encodeSnapshot(state)))
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

type FileKind = "snapshot" | "journal";

function fileOf(folder: string, kind: FileKind, number: number): string {
  return join(folder, `${kind}-${number}`);
}

/** Numbers of the files of a kind, ascending. */
function numbersOf(folder: string, kind: FileKind): number[] {
  return readdirSync(folder)
    .map((name) => new RegExp(`^${kind}-([0-9]{1,15})$`).exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

function readContents(folder: string): {
  contents: LedgerContents;
  number: number;
  intactLength: number;
} {
  const { number, state: snapshot } = newestSnapshot(folder);
  const journals = numbersOf(folder, "journal");
  const before = journals
    .filter((candidate) => candidate < number)
    .flatMap(
      (candidate) => readJournal(readFileSync(fileOf(folder, "journal", candidate))).entries,
    );
  // A journal begins only once its snapshot is on disk, so none is newer than the newest snapshot.
  const path = fileOf(folder, "journal", number);
  const bytes = journals.includes(number) ? readFileSync(path) : Buffer.alloc(0);
  const { entries: after, intactLength } = readJournal(bytes);
  const tornBytes = bytes.length - intactLength;
  return { contents: { snapshot, before, after, tornBytes }, number, intactLength };
}

function newestSnapshot(folder: string): { number: number; state: Uint8Array | null } {
  const number = numbersOf(folder, "snapshot").at(-1);
  if (number === undefined) return { number: 0, state: null };
  const path = fileOf(folder, "snapshot", number);
  const bytes = readFileSync(path);
  const state = bytes.subarray(SNAPSHOT_MAGIC.length + 32);
  const expected = encodeSnapshot(state).subarray(0, SNAPSHOT_MAGIC.length + 32);
  if (Buffer.compare(bytes.subarray(0, expected.length), expected) !== 0)
    throw damaged(path, "its checksum does not fit");
  return { number, state };
}

function encodeSnapshot(state: Uint8Array): Buffer {
  return Buffer.concat([SNAPSHOT_MAGIC, createHash("sha256").update(state).digest(), state]);
}

/** Removes the snapshots before `newest`, and the oldest journals that only hold history once they exceed `historyBytes`. */
function removeOld(folder: string, newest: number, historyBytes: number): void {
  for (const number of numbersOf(folder, "snapshot").filter((candidate) => candidate < newest))
    rmSync(fileOf(folder, "snapshot", number));
  let kept = 0;
  for (const number of numbersOf(folder, "journal").reverse()) {
    const path = fileOf(folder, "journal", number);
    if (number < newest && kept > historyBytes) rmSync(path);
    else kept += statSync(path).size;
  }
}

function readIdentity(folder: string): LedgerIdentity | null {
  const path = join(folder, IDENTITY_FILE);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (identitySchema.Check(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw damaged(path, "it does not have the form of a ledger's identity");
}

function createIdentity(folder: string, genesisTime: number): LedgerIdentity {
  const strays = [...numbersOf(folder, "snapshot"), ...numbersOf(folder, "journal")];
  if (strays.length > 0)
    throw damaged(join(folder, IDENTITY_FILE), "it is missing beside a journal");
  const identity: LedgerIdentity = {
    version: 1,
    genesisHash: bs58.encode(randomBytes(32)),
    genesisTime,
    seed: randomBytes(32).toString("hex"),
    faucet: randomBytes(32).toString("hex"),
  };
  writeDurably(
    folder,
    join(folder, IDENTITY_FILE),
    Buffer.from(`${JSON.stringify(identity, null, 2)}\n`),
  );
  return identity;
}

/** Writes a file so that after a crash it is either there whole or not at all. */
function writeDurably(folder: string, path: string, bytes: Uint8Array): void {
  const draft = `${path}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  const directory = openSync(folder, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function guardAccess<T>(folder: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined || cause instanceof LocalnetError) throw cause;
    throw new LocalnetError(
      "ledger-unwritable",
      `The ledger folder ${folder} cannot be used (${code}): give this user read and write access to it, or set PLENARY_LOCALNET_LEDGER to another folder.`,
      { folder, reason: code },
      { cause },
    );
  }
}

function damaged(path: string, problem: string): LocalnetError {
  return new LocalnetError(
    "ledger-damaged",
    `${path} is damaged (${problem}): restore it from a copy, or remove the ledger folder to begin a new chain.`,
    { path },
  );
}
