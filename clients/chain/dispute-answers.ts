import {
  type ChunkProof,
  chunkCount,
  type LeafProof,
  leafHash,
  type UpdateLeaf,
  vectorFromBytes,
  vectorToBytes,
  verifyInclusion,
} from "@plenary/protocol";
import { type Connection, PublicKey } from "@solana/web3.js";
import { Buffer } from "buffer";
import type { Dispute } from "./dispute.ts";
import { readHistory, readTransaction } from "./history.ts";
import { CODER } from "./program.ts";

/** Transactions of a dispute that are looked through at most, newest first: one page. To hide an answer behind others costs a fee for each. */
const MOST_LOOKED_AT = 1_000;

/**
 * The updates leaf that was given to a dispute last in answer to a demand, with its path; null if there is none among its newest
 * transactions. What is published nowhere else can be read here: the chain has checked it. `index` is the leaf's place.
 */
export async function readAnsweredLeaf(
  connection: Connection,
  program: PublicKey,
  dispute: PublicKey,
  index: number,
): Promise<LeafProof<UpdateLeaf> | null> {
  for await (const answer of answers(connection, program, dispute)) {
    const leaf = leafIn(answer);
    if (leaf !== null) return { index, ...leaf };
  }
  return null;
}

/**
 * The chunk with which a dispute was answered last that has the dispute's place under `root`; null if there is none among its newest
 * transactions. `length` is that of the vector.
 */
export async function readAnsweredChunk(
  connection: Connection,
  program: PublicKey,
  { address, index }: Pick<Dispute, "address" | "index">,
  { root, length }: { readonly root: Uint8Array; readonly length: number },
): Promise<ChunkProof | null> {
  for await (const answer of answers(connection, program, address)) {
    const chunk = chunkIn(answer);
    if (chunk === null) continue;
    const leaf = leafHash(vectorToBytes(chunk.values));
    if (verifyInclusion(root, leaf, index, chunkCount(length), chunk.path)) return chunk;
  }
  return null;
}

/** What a dispute was answered, newest first, as Anchor's coder gives it. */
async function* answers(
  connection: Connection,
  program: PublicKey,
  dispute: PublicKey,
): AsyncGenerator<unknown, void> {
  for (const { signature } of await readHistory(connection, dispute, MOST_LOOKED_AT)) {
    const found = await readTransaction(connection, signature);
    const message = found?.transaction.message;
    for (const { programIdIndex, data } of message?.compiledInstructions ?? []) {
      if (!message?.staticAccountKeys[programIdIndex]?.equals(program)) continue;
      const answer = field(CODER.instruction.decode(Buffer.from(data))?.data, "answer");
      if (answer !== undefined) yield answer;
    }
  }
}

function leafIn(answered: unknown): Omit<LeafProof<UpdateLeaf>, "index"> | null {
  const answer = field(answered, "Leaf");
  const [leaf] = listOf(field(field(answer, "leaf"), "Update"));
  const path = field(answer, "path");
  if (leaf === undefined || path === undefined) return null;
  return {
    leaf: {
      member: addressIn(field(leaf, "member")),
      sequence: BigInt(String(field(leaf, "sequence"))),
      envelopeHash: bytesIn(field(leaf, "envelope_hash")),
      deltaRoot: bytesIn(field(leaf, "delta_root")),
      weight: Number(field(leaf, "weight")),
      reason: Number(field(leaf, "reason")),
      payloadHash: bytesIn(field(leaf, "payload_hash")),
    },
    path: listOf(path).map(bytesIn),
  };
}

function chunkIn(answered: unknown): ChunkProof | null {
  const [chunk] = listOf(field(answered, "Chunk"));
  const [values, path] = [field(chunk, "values"), field(chunk, "path")];
  if (values === undefined || path === undefined) return null;
  return { values: vectorFromBytes(bytesIn(values)), path: listOf(path).map(bytesIn) };
}

/** Anchor's coder gives objects without types. */
function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

/** Fields without names come as an object with the keys 0, 1 and so on. */
function listOf(value: unknown): unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

function bytesIn(value: unknown): Uint8Array {
  return Uint8Array.from(listOf(value), Number);
}

function addressIn(value: unknown): Uint8Array {
  return value instanceof PublicKey ? value.toBytes() : bytesIn(value);
}
