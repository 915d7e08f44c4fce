import { publishedUpdates } from "@plenary/algorithms";
import type { Federation } from "@plenary/chain";
import { fromHex, PlenaryError, type RoundManifest, toHex } from "@plenary/protocol";
import type { Verifier } from "../verification/index.ts";
import { Refuted, readCommitted, readManifest } from "../verification/index.ts";
import { isEnded, remember, type Watch } from "./watch-run.ts";
import type { KeptRound } from "./watch-state.ts";

/**
 * Keeps what a round publishes and its verification did not ask for. A source that went away in between does not hold up what is known
 * by now.
 */
export async function keepRest({ verifier, options, emit }: Watch, round: bigint): Promise<void> {
  try {
    await downloadRest({ ...verifier, blobs: verifier.blobs.claiming }, round, options.signal);
  } catch (error) {
    if (isEnded(options)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    emit({ type: "not-kept", message: `Round ${round} is not kept whole: ${why}` });
  }
}

/** Deletes the bytes of rounds that nobody can dispute any more, but for those that others need too. */
export async function dropSettled(watch: Watch, federation: Federation): Promise<void> {
  const { state, verifier } = watch;
  const isOver = ({ round }: KeptRound) => isSettled(federation, BigInt(round));
  const kept = state.record.kept ?? [];
  const over = kept.filter(isOver);
  if (over.length === 0) return;
  const needed = new Set(kept.filter((round) => !isOver(round)).flatMap(({ blobs }) => blobs));
  // Before they are forgotten: else nobody would delete what a death in between leaves.
  await verifier.blobs.forget(
    over.flatMap(({ blobs }) => blobs.filter((name) => !needed.has(name))),
  );
  await remember(watch, (record) => ({
    kept: (record.kept ?? []).filter((round) => !isOver(round)),
  }));
}

/** Downloads what a round publishes and its verification did not ask for; what is withheld stays absent. Throws where the source is away. */
async function downloadRest(
  verifier: Verifier,
  number: bigint,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const round = await readCommitted(verifier, number);
    const manifest = await readManifest(verifier, round.manifestHash, signal);
    for (const hash of namedBy(manifest))
      await verifier.blobs.download(hash, { signal }).catch(unlessAway);
  } catch (error) {
    // Nothing more can be had of a round that has no manifest, or is void by now.
    if (!(error instanceof Refuted)) unlessAway(error);
  }
}

const WITHHELD = new Set(["not-found", "verification-failed"]);

function unlessAway(error: unknown): void {
  if (!(error instanceof PlenaryError) || !WITHHELD.has(error.code)) throw error;
}

function namedBy(manifest: RoundManifest): Uint8Array[] {
  const { configuration, base, next, stateBefore, stateAfter } = manifest;
  const blobs = [configuration, base.blob, stateBefore.blob, next.blob, stateAfter.blob];
  return [...new Set([...blobs, ...payloadsOf(manifest)])].map((name) => fromHex(name, 32));
}

/** None where an envelope is none: such a manifest is not what was committed, and finds nobody who counts its updates. */
function payloadsOf(manifest: RoundManifest): string[] {
  try {
    return publishedUpdates(manifest).map(({ leaf }) => toHex(leaf.payloadHash));
  } catch (error) {
    if (error instanceof PlenaryError) return [];
    throw error;
  }
}

/** Whether a committed round is final or void. An account that is older than the commitment does not say so. */
function isSettled(
  { finalRound, nextRound, openRound, pending }: Federation,
  number: bigint,
): boolean {
  if (number <= finalRound) return true;
  return number < nextRound && number !== openRound && !pending.includes(number);
}
