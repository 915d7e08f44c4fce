import type { Ledger } from "../../chain/ledger.ts";
import type { Scheduler } from "../../rounds/scheduler.ts";
import type { BlobStore, Files, OpenFile } from "../../store/blobs/index.ts";
import type { Database } from "../../store/database.ts";
import type { Store } from "../../store/index.ts";

/*
 * Every call by which the service reaches beyond its own memory. A fault point lies before and
 * after each call, named boundary/call/before and boundary/call/after; a transaction of the
 * database has one more, before its COMMIT. The types leave no call out: a call that is added to a
 * boundary does not compile until it is listed here.
 */

/** Every call of a boundary, except those that cross nothing. */
type CallsOf<Boundary, Local extends keyof Boundary = never> = Readonly<
  Record<Exclude<keyof Boundary, Local>, true>
>;

export const STORE_CALLS: { readonly [Repository in keyof Store]: CallsOf<Store[Repository]> } = {
  auditReports: { ofRound: true, insert: true },
  blobReferences: {
    recordUpload: true,
    isUploader: true,
    refer: true,
    referring: true,
    withoutReferences: true,
  },
  disputes: {
    find: true,
    open: true,
    ofRounds: true,
    insert: true,
    follow: true,
    demand: true,
    answer: true,
    fail: true,
    noteEndable: true,
    end: true,
    tally: true,
  },
  events: { append: true, after: true },
  federations: {
    all: true,
    find: true,
    insert: true,
    setAuthority: true,
    setStatus: true,
    extend: true,
    restoreTip: true,
    advanceTip: true,
  },
  hints: {
    toAdvance: true,
    disputable: true,
    disputed: true,
    toFinalize: true,
    toScreen: true,
    toScreenOf: true,
    toEvaluate: true,
  },
  members: {
    ofFederation: true,
    find: true,
    ofKey: true,
    count: true,
    countActive: true,
    upsert: true,
    records: true,
  },
  nonces: { use: true, forget: true },
  questionnaires: { ofFederation: true, newest: true, find: true, insert: true, sign: true },
  rewards: { ofRound: true, insert: true },
  rounds: {
    find: true,
    findAt: true,
    lock: true,
    hold: true,
    newest: true,
    chosen: true,
    list: true,
    lastFinal: true,
    notFinal: true,
    notSettled: true,
    notVoided: true,
    plan: true,
    rebase: true,
    open: true,
    close: true,
    drawAudits: true,
    closeAudits: true,
    compute: true,
    commit: true,
    finalize: true,
    giveUp: true,
    makeVoid: true,
    setEvaluation: true,
  },
  transactions: {
    ofRounds: true,
    pendingOf: true,
    plan: true,
    attempt: true,
    sign: true,
    fail: true,
    confirm: true,
  },
  updates: {
    find: true,
    all: true,
    standing: true,
    standingOf: true,
    related: true,
    counts: true,
    countsOfRounds: true,
    insert: true,
    insertNext: true,
    supersede: true,
    setScreened: true,
    refuseCounted: true,
    setScore: true,
    equivocations: true,
    insertEquivocation: true,
  },
};

export const DATABASE_CALLS: CallsOf<Database, "queries" | "close"> = {
  transaction: true,
  withLock: true,
  connect: true,
  ping: true,
};

export const LEDGER_CALLS: CallsOf<
  Ledger,
  "programId" | "aggregator" | "lamports" | "roundAddress" | "memberAddress"
> = {
  genesisHash: true,
  now: true,
  federation: true,
  members: true,
  member: true,
  round: true,
  isAuthority: true,
  openRound: true,
  drawAudits: true,
  auditSlotHash: true,
  commitRound: true,
  finalizeRound: true,
  voidRound: true,
  disputes: true,
  disputeEnding: true,
  endedDisputes: true,
  answerDispute: true,
  resolveDispute: true,
};

/**
 * JSON-RPC methods that the ledger uses. Between two of them lies a transaction that was sent and
 * that nobody has seen confirmed.
 */
export const CHAIN_CALLS = {
  getGenesisHash: true,
  getAccountInfo: true,
  getProgramAccounts: true,
  getLatestBlockhash: true,
  getBalance: true,
  isBlockhashValid: true,
  sendTransaction: true,
  getSignatureStatuses: true,
  getSignaturesForAddress: true,
  getTransaction: true,
} as const;

export const QUEUE_CALLS: CallsOf<Scheduler> = {
  screenUpdate: true,
  advance: true,
  answerDisputes: true,
  finalize: true,
  evaluate: true,
};

export const BLOB_CALLS: CallsOf<BlobStore, "stream"> = {
  size: true,
  read: true,
  write: true,
  receive: true,
  problem: true,
};

export const FILES_CALLS: CallsOf<Files> = {
  makeFolder: true,
  list: true,
  stat: true,
  read: true,
  create: true,
  rename: true,
  syncFolder: true,
  remove: true,
};

export const FILE_CALLS: CallsOf<OpenFile> = { write: true, sync: true, close: true };

/** Every fault point, by name. */
export const FAULT_POINTS: readonly string[] = [
  ...Object.entries(STORE_CALLS).flatMap(([repository, calls]) =>
    pointsOf(`store.${repository}`, calls),
  ),
  ...pointsOf("database", DATABASE_CALLS),
  "database/transaction/commit",
  ...pointsOf("ledger", LEDGER_CALLS),
  ...pointsOf("chain", CHAIN_CALLS),
  ...pointsOf("queue", QUEUE_CALLS),
  ...pointsOf("blobs", BLOB_CALLS),
  ...pointsOf("files", FILES_CALLS),
  ...pointsOf("file", FILE_CALLS),
];

function pointsOf(boundary: string, calls: Readonly<Record<string, true>>): string[] {
  return Object.keys(calls).flatMap((call) => [
    `${boundary}/${call}/before`,
    `${boundary}/${call}/after`,
  ]);
}
