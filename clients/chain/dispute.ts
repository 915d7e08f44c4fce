import { PlenaryError } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeAccount } from "./decode-account.ts";
import { FEDERATION_OFFSET, readAccount, readProgramAccounts } from "./read-account.ts";

/** Kinds of disputes, by their code in the account and in events. */
export const DISPUTE_KINDS = ["chunk", "envelope", "omission", "shortfall", "total"] as const;
export type DisputeKind = (typeof DISPUTE_KINDS)[number];

/** What the aggregator did wrong, by the code in the event `DisputeResolved`. */
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

/** A vector whose root a round holds. */
export type CommittedVector = keyof typeof VECTOR_BITS;

/** Fields that the account holds as codes and bits. */
type Coded = "kind" | "decided" | "fault" | "chunkPending" | "received" | "probed";

/** A Dispute account with its address: how far one challenge of a round has come. */
export interface Dispute extends Omit<ReturnType<typeof readFields>, Coded> {
  readonly address: PublicKey;
  readonly kind: DisputeKind;
  /** What was shown decides it, for or against the challenger; null while it is open. */
  readonly decided: "upheld" | "rejected" | null;
  readonly fault: Fault;
  /** Whether the leaf that was folded last still waits for its delta chunk. */
  readonly chunkPending: boolean;
  /** Committed vectors whose chunk was received. */
  readonly received: readonly CommittedVector[];
  /** The vector whose chunk was asked for before the first leaf, while it is awaited. */
  readonly probed: CommittedVector | null;
}

/** Decodes a Dispute account's bytes. Throws `invalid-input` if they are something else. */
export function decodeDispute(address: PublicKey, data: Uint8Array): Dispute {
  const fields = readFields(data);
  const [probed = null] = vectorsIn(fields.probed);
  return {
    ...fields,
    address,
    kind: nameOf(DISPUTE_KINDS, fields.kind),
    decided: fields.decided === 0 ? null : fields.decided === 1 ? "upheld" : "rejected",
    fault: nameOf(FAULTS, fields.fault),
    chunkPending: fields.chunkPending !== 0,
    received: vectorsIn(fields.received),
    probed,
  };
}

/** The fields without what the program remembers while it folds, which no client needs. */
function readFields(data: Uint8Array) {
  const {
    version,
    bump,
    expectedSum,
    sum,
    parameterCount,
    maxWeight,
    pendingWeight,
    demandSeconds,
    unused,
    probes,
    treeRoot,
    previousMember,
    pendingDeltaRoot,
    baseRoot,
    nextRoot,
    baseStateRoot,
    nextStateRoot,
    frontier,
    sums,
    base,
    next,
    baseState,
    nextState,
    ...fields
  } = decodeAccount("Dispute", data);
  return fields;
}

/** The name of a code of a dispute. Throws `invalid-input` if this client does not know it. */
export function nameOf<const Names extends readonly string[]>(
  names: Names,
  code: number,
): Names[number] {
  const name = names[code];
  if (name !== undefined) return name;
  throw new PlenaryError(
    "invalid-input",
    `The dispute has the code ${code}, which this client does not know; update the client.`,
    { code },
  );
}

function vectorsIn(bits: number): CommittedVector[] {
  return (Object.keys(VECTOR_BITS) as CommittedVector[]).filter(
    (vector) => (bits >> VECTOR_BITS[vector]) & 1,
  );
}

/** The vectors whose chunk a dispute about a chunk needs, in the order of the program. */
export function disputedVectors({
  stateVectors,
}: Pick<Dispute, "stateVectors">): readonly CommittedVector[] {
  return stateVectors > 0 ? ["base", "next", "baseState", "nextState"] : ["base", "next"];
}

/**
 * What a dispute lacks next: a leaf, the chunk of a vector, or nothing, in which case it can be
 * resolved. The same as the program's `Dispute::missing`.
 */
export function missingPiece(dispute: Dispute): "leaf" | "delta" | CommittedVector | null {
  const folds = dispute.kind === "chunk" || dispute.kind === "total";
  if (!folds || dispute.decided !== null) return null;
  if (dispute.probed !== null) return dispute.probed;
  if (dispute.chunkPending) return "delta";
  if (dispute.nextLeaf < dispute.leafCount) return "leaf";
  if (dispute.kind === "total" || dispute.fault !== "none") return null;
  return disputedVectors(dispute).find((vector) => !dispute.received.includes(vector)) ?? null;
}

/**
 * Reads a dispute at commitment `confirmed`. Null if there is none at the address: it is not opened
 * yet, or resolved. Throws `chain-unavailable`.
 */
export function readDispute(connection: Connection, address: PublicKey): Promise<Dispute | null> {
  return readAccount(connection, address, decodeDispute);
}

/** All disputes of a federation's rounds that are not resolved. Throws `chain-unavailable`. */
export function listDisputes(
  connection: Connection,
  program: PublicKey,
  federation: PublicKey,
): Promise<Dispute[]> {
  const filters = [{ memcmp: { offset: FEDERATION_OFFSET, bytes: federation.toBase58() } }];
  return readProgramAccounts(connection, program, "Dispute", filters, decodeDispute);
}
