import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeFields, nameOf } from "./account-fields.ts";
import { FEDERATION_OFFSET, readAccount, readProgramAccounts } from "./read-account.ts";

/** Kinds of disputes by the code that stands in the account and in events. */
export const DISPUTE_KINDS = ["chunk", "envelope", "omission", "shortfall", "total"] as const;
export type DisputeKind = (typeof DISPUTE_KINDS)[number];

/** What an aggregator was found to have done wrong, by the code in the event `DisputeResolved`. */
export const FAULTS = [
  "none",
  "leaf-version",
  "leaves-unsorted",
  "weight-above-limit",
  "reason-mismatch",
  "delta-out-of-range",
  "padding-not-zero",
  "total-mismatch",
  "wrong-chunk",
  "demand-unanswered",
  "member-omitted",
  "reward-fell",
] as const;
export type Fault = (typeof FAULTS)[number];

/** How disputes end, by the code in the event `DisputeResolved`. */
export const VERDICTS = ["upheld", "rejected", "moot"] as const;
export type DisputeVerdict = (typeof VERDICTS)[number];

/** Bits of `Dispute.received` and `Dispute.probed`, by vector. */
const VECTOR_BITS = { base: 1, next: 2, baseState: 3, nextState: 4 } as const;

/** A vector that stands committed in a round. */
export type CommittedVector = keyof typeof VECTOR_BITS;

/** A Dispute account: how far one challenge of a round has come. Times are Unix seconds. */
export interface Dispute {
  address: PublicKey;
  federation: PublicKey;
  round: PublicKey;
  challenger: PublicKey;
  kind: DisputeKind;
  /** Chunk or leaf that the dispute is about; 0 for omissions and totals. */
  index: number;
  strategy: number;
  /** What was shown decides it, for or against the challenger; null while it is open. */
  decided: "upheld" | "rejected" | null;
  fault: Fault;
  /** Leaves of the tree that is folded or searched, and how many of them are folded. */
  leafCount: number;
  nextLeaf: number;
  /** Whether the leaf that was folded last still waits for its delta chunk. */
  chunkPending: boolean;
  /** Committed vectors whose chunk was received. */
  received: readonly CommittedVector[];
  /** The vector whose chunk was asked for before the first leaf, while it is awaited. */
  probed: CommittedVector | null;
  /** The member that is searched for, and the bounds of where its leaf could stand. */
  target: PublicKey;
  targetValue: bigint;
  /** Hash of the receipt's envelope, or of the leaf whose envelope is demanded. */
  targetHash: Uint8Array;
  low: number;
  high: number;
  deposit: bigint;
  openedAt: bigint;
  expiresAt: bigint;
  /** Last second at which the aggregator may answer; 0 while nothing is demanded. */
  demandDeadline: bigint;
}

/** Decodes a Dispute account's bytes. Throws `invalid-input` if they are something else. */
export function decodeDispute(address: PublicKey, data: Uint8Array): Dispute {
  const fields = decodeFields("Dispute", data);
  const decided = fields.integer("decided");
  const received = vectorsIn(fields.integer("received"));
  const [probed = null] = vectorsIn(fields.integer("probed"));
  return {
    address,
    federation: fields.address("federation"),
    round: fields.address("round"),
    challenger: fields.address("challenger"),
    kind: nameOf(DISPUTE_KINDS, fields.integer("kind")),
    index: fields.integer("index"),
    strategy: fields.integer("strategy"),
    decided: decided === 0 ? null : decided === 1 ? "upheld" : "rejected",
    fault: nameOf(FAULTS, fields.integer("fault")),
    leafCount: fields.integer("leafCount"),
    nextLeaf: fields.integer("nextLeaf"),
    chunkPending: fields.integer("chunkPending") !== 0,
    received,
    probed,
    target: fields.address("target"),
    targetValue: fields.amount("targetValue"),
    targetHash: fields.hash("targetHash"),
    low: fields.integer("low"),
    high: fields.integer("high"),
    deposit: fields.amount("deposit"),
    openedAt: fields.amount("openedAt"),
    expiresAt: fields.amount("expiresAt"),
    demandDeadline: fields.amount("demandDeadline"),
  };
}

function vectorsIn(bits: number): CommittedVector[] {
  return (Object.keys(VECTOR_BITS) as CommittedVector[]).filter(
    (vector) => (bits >> VECTOR_BITS[vector]) & 1,
  );
}

/** The vectors of which a dispute about a chunk needs the chunk, in the order in which the program asks for them. */
export function disputedVectors({
  strategy,
}: Pick<Dispute, "strategy">): readonly CommittedVector[] {
  return strategy === 1 ? ["base", "next", "baseState", "nextState"] : ["base", "next"];
}

/** What a dispute lacks next: a leaf, the chunk of a vector, or nothing (then it can be resolved). The program's `Dispute::missing`. */
export function missingPiece(dispute: Dispute): "leaf" | "delta" | CommittedVector | null {
  const folds = dispute.kind === "chunk" || dispute.kind === "total";
  if (!folds || dispute.decided !== null) return null;
  if (dispute.probed !== null) return dispute.probed;
  if (dispute.chunkPending) return "delta";
  if (dispute.nextLeaf < dispute.leafCount) return "leaf";
  if (dispute.kind === "total" || dispute.fault !== "none") return null;
  return disputedVectors(dispute).find((vector) => !dispute.received.includes(vector)) ?? null;
}

/** Reads a dispute at commitment `confirmed`; null if there is none at the address (not opened, or resolved). */
export function readDispute(connection: Connection, address: PublicKey): Promise<Dispute | null> {
  return readAccount(connection, address, decodeDispute);
}

/** All disputes of a federation's rounds that are not resolved. */
export function listDisputes(
  connection: Connection,
  program: PublicKey,
  federation: PublicKey,
): Promise<Dispute[]> {
  const filters = [{ memcmp: { offset: FEDERATION_OFFSET, bytes: federation.toBase58() } }];
  return readProgramAccounts(connection, program, "Dispute", filters, decodeDispute);
}
