import { type PublishedUpdate, publishedUpdates, updatesRoot } from "@plenary/algorithms";
import type { Round } from "@plenary/chain";
import { equalBytes, PlenaryError, type RoundManifest, type UpdateLeaf } from "@plenary/protocol";
import type { BlobSource } from "./blob-source.ts";
import { readManifest } from "./public-round.ts";
import { Refuted } from "./refuted.ts";

type CommittedTree = Pick<Round, "updateCount" | "updatesRoot" | "manifestHash">;

/** The updates of a manifest, if their leaves are those committed on chain; else null. */
export function committedUpdates(
  manifest: RoundManifest,
  round: CommittedTree,
): PublishedUpdate[] | null {
  try {
    const updates = publishedUpdates(manifest);
    const leaves = updates.map(({ leaf }) => leaf);
    const fits =
      leaves.length === round.updateCount && equalBytes(updatesRoot(leaves), round.updatesRoot);
    return fits ? updates : null;
  } catch (error) {
    if (error instanceof PlenaryError) return null;
    throw error;
  }
}

/** The leaves of a committed round's updates tree; null if the source withholds them. */
export async function readCommittedLeaves(
  source: { readonly blobs: BlobSource },
  round: CommittedTree,
  signal?: AbortSignal,
): Promise<UpdateLeaf[] | null> {
  try {
    const manifest = await readManifest(source, round.manifestHash, signal);
    return committedUpdates(manifest, round)?.map(({ leaf }) => leaf) ?? null;
  } catch (error) {
    if (error instanceof Refuted) return null;
    throw error;
  }
}
