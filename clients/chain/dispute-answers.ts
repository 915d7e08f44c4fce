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
    if (answer.kind !== "leaf" || answer.leaf.kind !== "update") continue;
    const { version, member, ...leaf } = answer.leaf.value;
    return { index, leaf: { ...leaf, member: member.toBytes() }, path: answer.path };
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
    if (answer.kind !== "chunk") continue;
    const chunk = { values: vectorFromBytes(answer.value.values), path: answer.value.path };
    const leaf = leafHash(vectorToBytes(chunk.values));
    if (verifyInclusion(root, leaf, index, chunkCount(length), chunk.path)) return chunk;
  }
  return null;
}

/** What a dispute was answered, newest first. */
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
