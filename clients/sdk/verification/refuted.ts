import type { Finding } from "@plenary/algorithms";
import { PlenaryError } from "@plenary/protocol";
import type { BlobSource } from "./blob-source.ts";

/** Ends a verification at the first fault. The functions that verify catch it. */
export class Refuted extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.text);
    this.finding = finding;
  }
}

/**
 * The source has no such bytes, or other bytes. That is a finding about the round, unlike a source
 * that cannot be reached.
 */
const WITHHOLDING = new Set(["not-found", "verification-failed"]);

/**
 * Reads bytes that the aggregator must publish. Throws Refuted with `finding` if the source has
 * none that fit their hash.
 */
export async function published(
  blobs: BlobSource,
  hash: Uint8Array,
  finding: Finding,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await blobs.download(hash, { signal });
  } catch (error) {
    if (error instanceof PlenaryError && WITHHOLDING.has(error.code)) throw new Refuted(finding);
    throw error;
  }
}
