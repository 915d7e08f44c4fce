import { decodeUpdate, type PublishedUpdate, publishedUpdates } from "@plenary/algorithms";
import {
  type FederationConfiguration,
  fromBase58,
  PlenaryError,
  parseManifest,
  type RewardLeaf,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import type { LedgerVector } from "../../chain/ledger.ts";
import type { BlobStore } from "../../store/blobs/index.ts";
import type { ComputedRound, Round } from "../../store/rounds.ts";
import type { Context } from "../context.ts";

/** What the aggregator knows of a round that it committed, as far as a demand needs it. */
export interface RoundMaterial {
  /** In the order of their leaves. */
  readonly updates: readonly PublishedUpdate[];
  readonly rewards: readonly RewardLeaf[];
  /** The vector of which a chunk is demanded; undefined if none is. */
  readonly vector: Int32Array | undefined;
}

/** The vector that is to be read: one of the round's, or that of the update in `leaf`. */
export type WantedVector =
  | { readonly kind: "chunk"; readonly vector: Exclude<LedgerVector, "delta"> }
  | { readonly kind: "chunk"; readonly vector: "delta"; readonly leaf: number }
  | { readonly kind: "update-leaf" | "reward-leaf" | "envelope" };

/**
 * Reads of a computed round what a demand needs. Throws `not-found` naming the blob if one is lost,
 * and `round-inconsistent` for a round that was never computed.
 */
export async function readMaterial(
  { blobs, registries }: Pick<Context, "blobs" | "registries">,
  configuration: FederationConfiguration,
  round: Round,
  wanted: WantedVector,
): Promise<RoundMaterial> {
  const computed = requireComputed(round);
  const { manifestHash } = computed.commitment;
  const bytes = await readBlob(blobs, round, "the manifest", manifestHash);
  const manifest = parseManifest(JSON.parse(new TextDecoder().decode(bytes)));
  const updates = publishedUpdates(manifest);
  const rewards = manifest.rewards.map(({ member, cumulative }) => ({
    member: fromBase58(member),
    cumulative: BigInt(cumulative),
  }));
  if (wanted.kind !== "chunk") return { updates, rewards, vector: undefined };
  if (wanted.vector !== "delta") {
    const [what, hash] = vectorBlob(round, computed, wanted.vector);
    const vector = vectorFromBytes(await readBlob(blobs, round, what, hash));
    return { updates, rewards, vector };
  }
  const update = updates[wanted.leaf];
  if (update === undefined) return { updates, rewards, vector: undefined };
  const { payloadHash } = update.leaf;
  const payload = await readBlob(blobs, round, "the payload of an update", payloadHash);
  const { envelope } = update;
  const encoded = { configuration, envelope, payload, payloadHash };
  return { updates, rewards, vector: decodeUpdate(encoded, registries) };
}

function requireComputed({ number, computed }: Round): ComputedRound {
  if (computed !== null) return computed;
  throw new PlenaryError(
    "round-inconsistent",
    `Round ${number} is disputed on chain, but this service has not computed it.`,
    { round: number.toString() },
  );
}

/** The blob of a vector, and what to call it. */
function vectorBlob(
  { base }: Round,
  { nextBlob, nextStateBlob }: ComputedRound,
  vector: Exclude<LedgerVector, "delta">,
): [what: string, hash: Uint8Array] {
  switch (vector) {
    case "base":
      return ["the model that it builds on", base.blob];
    case "next":
      return ["the next model", nextBlob];
    case "baseState":
      return ["the server's state before it", base.stateBlob];
    case "nextState":
      return ["the server's state after it", nextStateBlob];
  }
}

async function readBlob(
  blobs: BlobStore,
  { number }: Round,
  what: string,
  hash: Uint8Array,
): Promise<Uint8Array> {
  try {
    return await blobs.read(hash);
  } catch (cause) {
    if (!(cause instanceof PlenaryError) || cause.code !== "not-found") throw cause;
    throw new PlenaryError(
      "not-found",
      `Of round ${number}, ${what} is lost: put the blob ${toHex(hash)} back into the blob store.`,
      { round: number.toString(), what, blob: toHex(hash) },
      { cause },
    );
  }
}
