import type { LeafProof, UpdateLeaf } from "@plenary/protocol";
import { type Connection, PublicKey } from "@solana/web3.js";
import { Buffer } from "buffer";
import { unreachable } from "./errors.ts";
import { CODER } from "./program.ts";

/** Transactions of a dispute that are looked through at most, newest first: an answer that is still of use is among the last. */
const MOST_LOOKED_AT = 20;

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
  const signatures = await connection
    .getSignaturesForAddress(dispute, { limit: MOST_LOOKED_AT }, "confirmed")
    .catch(unreachable(connection));
  for (const { signature, err } of signatures) {
    if (err !== null) continue;
    const found = await connection
      .getTransaction(signature, { commitment: "confirmed", maxSupportedTransactionVersion: 0 })
      .catch(unreachable(connection));
    const message = found?.transaction.message;
    for (const { programIdIndex, data } of message?.compiledInstructions ?? []) {
      if (!message?.staticAccountKeys[programIdIndex]?.equals(program)) continue;
      const leaf = leafIn(data);
      if (leaf !== null) return { index, ...leaf };
    }
  }
  return null;
}

/** The leaf in a `dispute_answer` instruction's data; null in any other. */
function leafIn(data: Uint8Array): Omit<LeafProof<UpdateLeaf>, "index"> | null {
  const decoded = CODER.instruction.decode(Buffer.from(data));
  const answer = field(field(decoded?.data, "answer"), "Leaf");
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
