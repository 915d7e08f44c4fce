import { decodeUpdate, type PublishedUpdate, publishedUpdates } from "@plenary/algorithms";
import {
  type FederationConfiguration,
  fromBase58,
  PlenaryError,
  parseManifest,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import type { BlobStore } from "../../store/blobs/index.ts";
import type { RoundRow } from "../../store/rounds.ts";
import type { DemandedPiece, RoundMaterial } from "../disputes/demanded-piece.ts";

/**
 * Reads, of what a committed round is made of, as much as a demand needs. Throws `not-found` naming the blob if one is lost.
 */
export async function readMaterial(
  blobs: BlobStore,
  configuration: FederationConfiguration,
  round: RoundRow,
  piece: DemandedPiece,
): Promise<RoundMaterial> {
  const bytes = await readBlob(blobs, round, "the manifest", round.manifest_hash);
  const manifest = parseManifest(JSON.parse(new TextDecoder().decode(bytes)));
  const updates = publishedUpdates(manifest);
  const rewards = manifest.rewards.map(({ member, cumulative }) => ({
    member: fromBase58(member),
    cumulative: BigInt(cumulative),
  }));
  if (piece.kind !== "chunk") return { updates, rewards, vector: undefined };
  if (piece.vector !== "delta")
    return { updates, rewards, vector: await readVector(blobs, round, piece.vector) };
  const update = updates[piece.leaf];
  const vector = update && (await readDelta(blobs, configuration, round, update));
  return { updates, rewards, vector };
}

async function readVector(
  blobs: BlobStore,
  round: RoundRow,
  vector: "base" | "next" | "baseState" | "nextState",
): Promise<Int32Array> {
  const [what, hash] = {
    base: ["the model that it builds on", round.base_blob],
    next: ["the next model", round.next_blob],
    baseState: ["the server's state before it", round.base_state_blob],
    nextState: ["the server's state after it", round.next_state_blob],
  }[vector] as [string, Uint8Array | null];
  return vectorFromBytes(await readBlob(blobs, round, what, hash));
}

/** Decoded as the round decoded it. */
async function readDelta(
  blobs: BlobStore,
  configuration: FederationConfiguration,
  round: RoundRow,
  { envelope, leaf }: PublishedUpdate,
): Promise<Int32Array> {
  const payload = await readBlob(blobs, round, "the payload of an update", leaf.payloadHash);
  return decodeUpdate({ configuration, envelope, payload });
}

async function readBlob(
  blobs: BlobStore,
  round: RoundRow,
  what: string,
  hash: Uint8Array | null,
): Promise<Uint8Array> {
  if (hash === null) throw new Error("unreachable: a committed round was computed");
  try {
    return await blobs.read(hash);
  } catch (cause) {
    if (!(cause instanceof PlenaryError) || cause.code !== "not-found") throw cause;
    throw new PlenaryError(
      "not-found",
      `Of round ${round.number}, ${what} is lost: put the blob ${toHex(hash)} back into the blob store.`,
      { round: round.number.toString(), what, blob: toHex(hash) },
      { cause },
    );
  }
}
