import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DRAFT } from "./durable-file.ts";
import { readJournal } from "./journal.ts";
import { damaged } from "./ledger-errors.ts";

const SNAPSHOT_MAGIC = Buffer.from("PLNSNAP1");

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

type FileKind = "snapshot" | "journal";

/** The path of a file: `snapshot-N`, or `journal-N`, which holds what came after it. */
export function fileOf(folder: string, kind: FileKind, number: number): string {
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

/** Reads a ledger's folder: its newest snapshot's number, and the intact bytes of its journal. */
export function readContents(folder: string): {
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
  // A journal begins only once its snapshot is on disk, so none is newer than the newest
  // snapshot.
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

/** The bytes of a snapshot file. */
export function encodeSnapshot(state: Uint8Array): Buffer {
  return Buffer.concat([SNAPSHOT_MAGIC, createHash("sha256").update(state).digest(), state]);
}

/**
 * Removes the snapshots before `newest`, and the oldest journals that only hold history once they
 * exceed `historyBytes`.
 */
export function removeOld(folder: string, newest: number, historyBytes: number): void {
  for (const number of numbersOf(folder, "snapshot").filter((candidate) => candidate < newest))
    rmSync(fileOf(folder, "snapshot", number));
  let kept = 0;
  for (const number of numbersOf(folder, "journal").reverse()) {
    const path = fileOf(folder, "journal", number);
    if (number < newest && kept > historyBytes) rmSync(path);
    else kept += statSync(path).size;
  }
}

/** Removes what writes that a crash interrupted have left behind. */
export function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder))
    if (/^(snapshot|ledger)/.test(name) && DRAFT.test(name)) rmSync(join(folder, name));
}

/** Whether a folder holds a snapshot or a journal. */
export function holdsChain(folder: string): boolean {
  return numbersOf(folder, "snapshot").length + numbersOf(folder, "journal").length > 0;
}
