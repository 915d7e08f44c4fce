import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fromBase64, fromHex, PlenaryError, sha256, toBase64, toHex } from "@plenary/protocol";
import type { OptimizerState } from "@plenary/training";
import { lockFolder, makeFolder, readIfThere, writeDurably } from "../files/index.ts";
import { decodeOptimizer, encodeOptimizer } from "./optimizer-file.ts";
import {
  type MemberIdentity,
  type Outcome,
  parseIdentity,
  parseRoundRecord,
  type RoundRecord,
  type StoredReceipt,
} from "./round-record.ts";

export type { MemberIdentity, Outcome, RoundRecord, StoredReceipt } from "./round-record.ts";

/** Rounds whose payloads and optimiser states are kept: a void round's payload is signed again for the next. */
const KEPT_ROUNDS = 3;

/** A trained update, ready to be signed for and sent. */
export interface PreparedUpdate {
  readonly record: Omit<
    RoundRecord,
    "version" | "payloadHash" | "optimizer" | "training" | "receipt" | "outcome"
  >;
  readonly payload: Uint8Array;
  readonly optimizerState: OptimizerState | undefined;
  /** Where training is audited. */
  readonly training?: KeptTraining | undefined;
}

/** A training as an audit will ask for it, encoded. */
export interface KeptTraining {
  readonly commitment: Uint8Array;
  /** Checkpoint 1 and on. */
  readonly checkpoints: readonly Uint8Array[];
}

/**
 * What a member must remember: which envelopes it signed, with which sequence, and the optimiser's state. Everything is on disk before the
 * call resolves, and an envelope before it is sent, so a process that is killed at any moment goes on without training twice and
 * never signs two envelopes with one sequence.
 */
export interface MemberStore {
  /** Seeds the member's draws (32 bytes). */
  readonly seed: Uint8Array;
  record(round: bigint): Promise<RoundRecord | null>;
  /** The record of the latest round. */
  latest(): Promise<RoundRecord | null>;
  /** The newest record of an update that was trained on this base model. */
  onBase(baseRoot: string): Promise<RoundRecord | null>;
  /**
   * Stores a signed update before it is sent. Throws `equivocation` if the round has a record with this or a higher sequence and another
   * envelope.
   */
  prepare(update: PreparedUpdate): Promise<RoundRecord>;
  acknowledge(round: bigint, receipt: StoredReceipt): Promise<RoundRecord>;
  settle(round: bigint, outcome: Outcome): Promise<RoundRecord>;
  /** Payload of a stored update; null if it has been cleared away. */
  payload(record: RoundRecord): Promise<Uint8Array | null>;
  optimizerState(record: RoundRecord): Promise<OptimizerState | undefined>;
  /** What an audit asks for; undefined if there are no checkpoints, or they have been cleared away. */
  training(record: RoundRecord): Promise<KeptTraining | undefined>;
  close(): Promise<void>;
}

/**
 * Opens a member's state folder, making it if it is not there. `seed` is taken when the folder is made; random by default. Throws
 * `conflict` when another process has the folder or it belongs to another member, `file-unreadable` when it cannot be written.
 */
export async function openMemberStore(
  folder: string,
  identity: Omit<MemberIdentity, "version" | "seed">,
  seed: Uint8Array = crypto.getRandomValues(new Uint8Array(32)),
): Promise<MemberStore> {
  await makeFolder(join(folder, "rounds"));
  await makeFolder(join(folder, "blobs"));
  const unlock = await lockFolder(folder);
  try {
    const stored = await claimFolder(folder, { version: 1, ...identity, seed: toHex(seed) });
    return storeIn(folder, stored, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** What a member's state folder holds of a round, without taking the folder: the member may be at work. Null if nothing. */
export async function readRoundRecord(folder: string, round: bigint): Promise<RoundRecord | null> {
  const path = join(folder, "rounds", `${round}.json`);
  const bytes = await readIfThere(path);
  return bytes === null ? null : parseRoundRecord(parseJson(bytes, path));
}

async function claimFolder(folder: string, wanted: MemberIdentity): Promise<MemberIdentity> {
  const path = join(folder, "member.json");
  const bytes = await readIfThere(path);
  if (bytes === null) {
    await writeDurably(path, `${JSON.stringify(wanted)}\n`);
    return wanted;
  }
  const stored = parseIdentity(parseJson(bytes, path));
  for (const field of ["genesisHash", "programId", "federation", "member"] as const)
    if (stored[field] !== wanted[field])
      throw new PlenaryError(
        "conflict",
        `The state folder ${folder} belongs to another ${field === "member" ? "member" : "federation"}: give each membership its own folder.`,
        { folder, field, stored: stored[field], wanted: wanted[field] },
      );
  return stored;
}

function storeIn(
  folder: string,
  identity: MemberIdentity,
  unlock: () => Promise<void>,
): MemberStore {
  const path = (round: string) => join(folder, "rounds", `${round}.json`);
  const blob = (hash: string) => join(folder, "blobs", hash);
  const read = async (round: string): Promise<RoundRecord | null> => {
    const bytes = await readIfThere(path(round));
    return bytes === null ? null : parseRoundRecord(parseJson(bytes, path(round)));
  };
  const write = async (record: RoundRecord): Promise<RoundRecord> => {
    await writeDurably(path(record.round), `${JSON.stringify(record)}\n`);
    return record;
  };
  const keep = async (bytes: Uint8Array): Promise<string> => {
    const hash = toHex(sha256(bytes));
    await writeDurably(blob(hash), bytes);
    return hash;
  };
  const change = async (round: bigint, part: Partial<RoundRecord>): Promise<RoundRecord> => {
    const record = await read(round.toString());
    if (record !== null) return write({ ...record, ...part });
    throw new PlenaryError("not-found", `This member has no update for round ${round}.`, {
      round: round.toString(),
    });
  };
  return {
    seed: fromHex(identity.seed, 32),
    record: (round) => read(round.toString()),
    async latest() {
      const last = (await storedRounds(folder)).at(-1);
      return last === undefined ? null : read(last.toString());
    },
    async onBase(baseRoot) {
      for (const round of (await storedRounds(folder)).reverse()) {
        const record = await read(round.toString());
        if (record?.baseRoot === baseRoot) return record;
      }
      return null;
    },
    async prepare({ record, payload, optimizerState, training }) {
      refuseEquivocation(await read(record.round), record);
      // The record comes last: when it is there, so is what it names.
      const payloadHash = await keep(payload);
      const optimizer =
        optimizerState === undefined ? null : await keep(encodeOptimizer(optimizerState));
      const checkpoints: string[] = [];
      for (const checkpoint of training?.checkpoints ?? [])
        checkpoints.push(await keep(checkpoint));
      const written = await write({
        version: 1,
        ...record,
        ...(training && { training: { commitment: toBase64(training.commitment), checkpoints } }),
        payloadHash,
        optimizer,
        receipt: null,
        outcome: null,
      });
      await clearOldBlobs(folder, read);
      return written;
    },
    acknowledge: (round, receipt) => change(round, { receipt }),
    settle: (round, outcome) => change(round, { outcome }),
    payload: (record) => readIfThere(blob(record.payloadHash)),
    async optimizerState({ optimizer }) {
      const bytes = optimizer === null ? null : await readIfThere(blob(optimizer));
      return bytes === null ? undefined : decodeOptimizer(bytes);
    },
    training: (record) => readTraining(folder, record),
    close: unlock,
  };
}

/**
 * A round's record and training, without taking the folder: a member that waits for its audit still has it, and records are replaced as
 * one step. Null if there is none.
 */
export async function readStoredRound(
  folder: string,
  round: bigint,
): Promise<{ readonly record: RoundRecord; readonly training: KeptTraining | undefined } | null> {
  const path = join(folder, "rounds", `${round}.json`);
  const bytes = await readIfThere(path);
  if (bytes === null) return null;
  const record = parseRoundRecord(parseJson(bytes, path));
  return { record, training: await readTraining(folder, record) };
}

async function readTraining(
  folder: string,
  { training }: RoundRecord,
): Promise<KeptTraining | undefined> {
  if (training === undefined) return undefined;
  const checkpoints: Uint8Array[] = [];
  for (const hash of training.checkpoints) {
    const bytes = await readIfThere(join(folder, "blobs", hash));
    if (bytes === null) return undefined;
    checkpoints.push(bytes);
  }
  return { commitment: fromBase64(training.commitment), checkpoints };
}

function refuseEquivocation(
  before: RoundRecord | null,
  next: Pick<RoundRecord, "round" | "sequence" | "envelope">,
): void {
  if (
    before === null ||
    before.envelope === next.envelope ||
    BigInt(next.sequence) > BigInt(before.sequence)
  )
    return;
  throw new PlenaryError(
    "equivocation",
    `Round ${next.round}: this member has signed another update with sequence ${before.sequence}. Signing again needs a higher one.`,
    { round: next.round, sequence: before.sequence },
  );
}

/** Rounds with a record, ascending. */
async function storedRounds(folder: string): Promise<bigint[]> {
  const files = await readdir(join(folder, "rounds"));
  return files
    .filter((file) => /^[0-9]+\.json$/.test(file))
    .map((file) => BigInt(file.slice(0, -".json".length)))
    .sort((a, b) => (a < b ? -1 : 1));
}

/** Removes blobs that no recent record names, among them those of an update whose record was never written. */
async function clearOldBlobs(
  folder: string,
  read: (round: string) => Promise<RoundRecord | null>,
): Promise<void> {
  const recent = (await storedRounds(folder)).slice(-KEPT_ROUNDS);
  const records = await Promise.all(recent.map((round) => read(round.toString())));
  const kept = new Set(
    records.flatMap((record) => [
      record?.payloadHash,
      record?.optimizer,
      ...(record?.training?.checkpoints ?? []),
    ]),
  );
  for (const file of await readdir(join(folder, "blobs")))
    if (!kept.has(file)) await rm(join(folder, "blobs", file), { force: true });
}

function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `${path} is damaged: it is no JSON. Restore it from a backup.`,
      { path },
      { cause },
    );
  }
}
