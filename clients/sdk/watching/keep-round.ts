import { publishedUpdates } from "@plenary/algorithms";
import type { Federation } from "@plenary/chain";
import { fromHex, PlenaryError, type RoundManifest, toHex } from "@plenary/protocol";
import type { Verifier } from "../verification/index.ts";
import { Refuted, readCommitted, readManifest } from "../verification/index.ts";
import { isEnded, remember, type Watch } from "./watch-run.ts";
import type { KeptRound } from "./watch-state.ts";

/**
 * Keeps what a round publishes and its verification did not ask for. A source that has gone away in
 * the meantime does not hold up what is already known.
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

/**
 * Deletes the bytes of rounds that can no longer be disputed, except those that other rounds need.
 */
export async function dropSettled(watch: Watch, federation: Federation): Promise<void> {
  const { state, verifier } = watch;
  const isOver = ({ round }: KeptRound) => isSettled(federation, BigInt(round));
  const kept = state.record.kept ?? [];
  const over = kept.filter(isOver);
  if (over.length === 0) return;
  const needed = new Set(kept.filter((round) => !isOver(round)).flatMap(({ blobs }) => blobs));
  // Done before the rounds are forgotten: otherwise nothing would delete what a crash in between
  // leaves behind.
  await verifier.blobs.forget(
    over.flatMap(({ blobs }) => blobs.filter((name) => !needed.has(name))),
  );
  await remember(watch, (record) => ({
    kept: (record.kept ?? []).filter((round) => !isOver(round)),
  }));
}

/**
 * Downloads what a round publishes and its verification did not ask for. Withheld bytes stay
 * absent. Throws if the source cannot be reached.
 */
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
    // A round without a manifest, or one that is void by now, publishes nothing more.
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

/**
 * None for a malformed envelope: such a manifest is not the committed one, so that its updates do
 * not matter.
 */
function payloadsOf(manifest: RoundManifest): string[] {
  try {
    return publishedUpdates(manifest).map(({ leaf }) => toHex(leaf.payloadHash));
  } catch (error) {
    if (error instanceof PlenaryError) return [];
    throw error;
  }
}

/**
 * Whether a committed round is final or void. An account read before the commitment cannot say so.
 */
function isSettled(
  { finalRound, nextRound, openRound, pending }: Federation,
  number: bigint,
): boolean {
  if (number <= finalRound) return true;
  return number < nextRound && number !== openRound && !pending.includes(number);
}
