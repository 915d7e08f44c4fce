import { join } from "node:path";
import { PUBLIC_BLOBS } from "@plenary/algorithms";
import {
  Base58Address,
  HexHash,
  PlenaryError,
  parserOf,
  toBase58,
  toHex,
  U64String,
} from "@plenary/protocol";
import Type, { type Static } from "typebox";
import type { ChainContext } from "../access/index.ts";
import { lockFolder, makeFolder, readIfThere, writeDurably } from "../files/index.ts";

const Index = Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 });
/** What a verification has found, as far as a dispute proves it (Proof of @plenary/algorithms). */
const Provable = Type.Union([
  Type.Object({ kind: Type.Literal("chunk"), chunk: Index }),
  Type.Object({ kind: Type.Literal("leaf"), index: Index }),
  Type.Object({ kind: Type.Literal("shortfall"), member: Base58Address }),
  Type.Object({ kind: Type.Literal("overpay") }),
  Type.Object({
    kind: Type.Literal("withheld"),
    blob: Type.Enum([...PUBLIC_BLOBS]),
    chunk: Index,
  }),
]);

/** How a watch's dispute ended: `failed` if it could not be opened or continued. */
const WatchedOutcome = Type.Union([
  Type.Literal("won"),
  Type.Literal("lost"),
  Type.Literal("moot"),
  Type.Literal("failed"),
]);
export type WatchedOutcome = Static<typeof WatchedOutcome>;

const WatchedDispute = Type.Object(
  {
    round: U64String,
    proof: Provable,
    /** Null while it is running. */
    outcome: Type.Union([WatchedOutcome, Type.Null()]),
  },
  { additionalProperties: false },
);
export type WatchedDispute = Static<typeof WatchedDispute>;

const WatchRecordSchema = Type.Object(
  {
    version: Type.Literal(1),
    genesisHash: HexHash,
    programId: Base58Address,
    federation: Base58Address,
    /** The first round that was not looked at to completion. */
    next: U64String,
    verified: Type.Integer({ minimum: 0 }),
    wrong: Type.Array(U64String),
    /** Everything that calls for a dispute, even if the watch had no challenger to open one. */
    disputes: Type.Array(WatchedDispute),
    /**
     * Rounds that can still be disputed, with the names of the blobs that they need. Folders of
     * earlier versions do not have it.
     */
    kept: Type.Optional(
      Type.Array(
        Type.Object(
          { round: U64String, blobs: Type.Array(HexHash) },
          { additionalProperties: false },
        ),
      ),
    ),
  },
  { additionalProperties: false },
);
/** What a watch remembers. It is on disk before the watch acts on it. */
export type WatchRecord = Static<typeof WatchRecordSchema>;
export type KeptRound = NonNullable<WatchRecord["kept"]>[number];

const parseRecord = parserOf(WatchRecordSchema, "The watch's state");

/** Folder in which a watch keeps public bytes. */
export function keptFolder(state: string): string {
  return join(state, "blobs");
}

/** The folder of a watch. One process at a time holds it. */
export interface WatchState {
  readonly record: WatchRecord;
  readonly isNew: boolean;
  /**
   * Replaces parts of the record durably, one call after the other. Throws `file-unreadable`; the
   * record is changed nevertheless, and written with the next change.
   */
  change(part: (record: WatchRecord) => Partial<WatchRecord>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a watch's folder. Throws `conflict` if another process holds the folder or it belongs to
 * another federation, `file-unreadable`, `invalid-input`. `write` replaces `writeDurably` in tests
 * of a full disk.
 */
export async function openWatchState(
  folder: string,
  verifier: ChainContext,
  write: (path: string, text: string) => Promise<void> = writeDurably,
): Promise<WatchState> {
  await makeFolder(folder);
  const unlock = await lockFolder(folder);
  try {
    return await stateIn({ folder, verifier, write, unlock });
  } catch (error) {
    await unlock();
    throw error;
  }
}

interface OpenFolder {
  readonly folder: string;
  readonly verifier: ChainContext;
  readonly write: (path: string, text: string) => Promise<void>;
  readonly unlock: () => Promise<void>;
}

async function stateIn({ folder, verifier, write, unlock }: OpenFolder): Promise<WatchState> {
  const path = join(folder, "watch.json");
  const bytes = await readIfThere(path);
  const fresh: WatchRecord = {
    version: 1,
    genesisHash: toHex(verifier.genesisHash),
    programId: toBase58(verifier.program.toBytes()),
    federation: verifier.address.toBase58(),
    next: "0",
    verified: 0,
    wrong: [],
    disputes: [],
    kept: [],
  };
  let record = bytes === null ? fresh : stored(bytes, path);
  for (const field of ["genesisHash", "programId", "federation"] as const)
    if (record[field] !== fresh[field])
      throw new PlenaryError(
        "conflict",
        `The state folder ${folder} belongs to a watch of another federation: give each watch its own folder.`,
        { folder, field, stored: record[field], wanted: fresh[field] },
      );
  let last: Promise<void> = Promise.resolve();
  return {
    get record() {
      return record;
    },
    isNew: bytes === null,
    change(part) {
      const changing = last.then(() => {
        record = { ...record, ...part(record) };
        return write(path, `${JSON.stringify(record)}\n`);
      });
      last = changing.catch(() => undefined);
      return changing;
    },
    close: unlock,
  };
}

function stored(bytes: Uint8Array, path: string): WatchRecord {
  try {
    return parseRecord(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new PlenaryError(
      "invalid-input",
      `${path} is damaged: it is not valid JSON. Remove it to start watching from now.`,
      { path },
      { cause },
    );
  }
}
