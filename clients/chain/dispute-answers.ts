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
import type { Connection, PublicKey } from "@solana/web3.js";
import { Buffer } from "buffer";
import { fromAnchor } from "./codec.ts";
import type { Dispute } from "./dispute.ts";
import type { Answer } from "./generated/structures.ts";
import { readHistory, readTransaction } from "./history.ts";
import { CODER } from "./program.ts";

const ANSWER = { defined: { name: "Answer" } };

/** Most transactions of a dispute that are searched, newest first: one page of the history. */
const MOST_LOOKED_AT = 1_000;

/**
 * The updates leaf that a dispute was answered with last, with its path, or null if its newest
 * transactions hold no such answer. The chain has checked the answer, so it can be trusted even if
 * the leaf is published nowhere else. Hiding an answer behind other transactions costs a fee for
 * each of them. Throws `chain-unavailable`.
 * @param index the leaf's place in the tree
 */
export async function readAnsweredLeaf(
  connection: Connection,
  program: PublicKey,
  dispute: PublicKey,
  index: number,
): Promise<LeafProof<UpdateLeaf> | null> {
  for await (const answer of answers(connection, program, dispute)) {
    if (answer.kind !== "leaf" || answer.leaf.kind !== "update") continue;
    const { version, member, ...leaf } = answer.leaf.value;
    return { index, leaf: { ...leaf, member: member.toBytes() }, path: answer.path };
  }
  return null;
}

/**
 * The last chunk that a dispute was answered with and that is at the dispute's place under `root`,
 * or null if its newest transactions hold none. `length` is the vector's. Throws
 * `chain-unavailable`.
 */
export async function readAnsweredChunk(
  connection: Connection,
  program: PublicKey,
  { address, index }: Pick<Dispute, "address" | "index">,
  { root, length }: { readonly root: Uint8Array; readonly length: number },
): Promise<ChunkProof | null> {
  for await (const answer of answers(connection, program, address)) {
    if (answer.kind !== "chunk") continue;
    const chunk = { values: vectorFromBytes(answer.value.values), path: answer.value.path };
    const leaf = leafHash(vectorToBytes(chunk.values));
    if (verifyInclusion(root, leaf, index, chunkCount(length), chunk.path)) return chunk;
  }
  return null;
}

/** The answers that a dispute was given, newest first. */
async function* answers(
  connection: Connection,
  program: PublicKey,
  dispute: PublicKey,
): AsyncGenerator<Answer, void> {
  for (const { signature } of await readHistory(connection, dispute, MOST_LOOKED_AT)) {
    const found = await readTransaction(connection, signature);
    const message = found?.transaction.message;
    for (const { programIdIndex, data } of message?.compiledInstructions ?? []) {
      if (!message?.staticAccountKeys[programIdIndex]?.equals(program)) continue;
      const decoded = CODER.instruction.decode(Buffer.from(data));
      if (decoded?.name === "dispute_answer" && "answer" in decoded.data)
        yield fromAnchor(ANSWER, decoded.data.answer, decoded.name) as Answer;
    }
  }
}
