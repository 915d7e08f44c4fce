import {
  type CommittedStep,
  committedStep,
  decodeUpdate,
  type PublishedUpdate,
  rewardsRoot,
  updateLeafProof,
  vectorRootFast,
} from "@plenary/algorithms";
import {
  type CommittedVector,
  type Dispute,
  type Round,
  readAnsweredChunk,
  readAnsweredLeaf,
  readRound,
  roundAddress,
} from "@plenary/chain";
import {
  type ChunkProof,
  equalBytes,
  type FederationConfiguration,
  type LeafProof,
  PlenaryError,
  type RewardLeaf,
  type RoundManifest,
  type UpdateLeaf,
} from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";
import type { Verifier } from "../verification/index.ts";
import {
  committedUpdates,
  Refuted,
  readConfiguration,
  readManifest,
  readPayload,
  readPublishedRound,
  readVector,
  rewardsOf,
} from "../verification/index.ts";

/** A committed result that the aggregator does not publish. */
export interface HiddenVector {
  readonly name: "next" | "nextState";
  readonly committed: Uint8Array;
  /** What the result should be. */
  readonly expected: Int32Array;
}

/**
 * What a challenger can feed to a dispute: public bytes that fit the committed roots. Null is what
 * the aggregator must be made to show.
 */
export interface Evidence {
  readonly round: Round;
  readonly leaves: readonly UpdateLeaf[] | null;
  /**
   * Leaves with their own proofs, ascending, from a proof of omission. A challenger with that file
   * needs no others.
   */
  readonly shown?: readonly LeafProof<UpdateLeaf>[];
  readonly rewards: readonly RewardLeaf[] | null;
  /** Rewards leaves of the round that this one builds on. */
  readonly earned: readonly RewardLeaf[] | null;
  /** The update of a counted leaf, decoded again. One is asked for at a time. */
  delta(index: number): Promise<Int32Array | null>;
  vector(name: CommittedVector): Promise<Int32Array | null>;
  /**
   * A result that is withheld and differs from what the updates give; null if there is none, or if
   * only the aggregator can know.
   */
  hidden(): Promise<HiddenVector | null>;
  /** The chunk of `vector` that the dispute was last given on chain, with its path. */
  answeredChunk(dispute: Dispute, vector: HiddenVector): Promise<ChunkProof | null>;
  /**
   * A leaf's proof: from `leaves`, or, if those are withheld, from the answer that a dispute was
   * given on chain.
   */
  leafProof(dispute: PublicKey, index: number): Promise<LeafProof<UpdateLeaf> | null>;
}

/**
 * Gathers what a round's dispute may need. Throws `service-unavailable` if the source does not
 * answer.
 */
export async function collectEvidence(verifier: Verifier, round: Round): Promise<Evidence> {
  const manifest = await unlessWithheld(readManifest(verifier, round.manifestHash));
  const configuration = await unlessWithheld(readConfiguration(verifier, round.configurationHash));
  const updates = manifest === null ? null : committedUpdates(manifest, round);
  const rewards = manifest === null ? null : rewardsOf(manifest);
  const vector = async (name: CommittedVector): Promise<Int32Array | null> => {
    if (manifest === null) return null;
    const { what, blob, root } = vectorOf(manifest, round, name);
    return unlessWithheld(readVector(verifier, what, blob, root));
  };
  let hidden: HiddenVector | null | undefined;
  return {
    round,
    leaves: updates?.map(({ leaf }) => leaf) ?? null,
    rewards:
      rewards !== null && equalBytes(rewardsRoot(rewards), round.rewardsRoot) ? rewards : null,
    earned: await earnedBefore(verifier, round),
    delta: (index) => readDelta(verifier, configuration, updates, index),
    leafProof: async (dispute, index) =>
      updates === null
        ? readAnsweredLeaf(verifier.connection, verifier.program, dispute, index)
        : updateLeafProof(
            updates.map(({ leaf }) => leaf),
            index,
          ),
    vector,
    hidden: async () => {
      // A replay takes long and its result does not change, so it is kept. An outage is not a
      // result.
      if (hidden === undefined) hidden = await findHidden(verifier, round, vector);
      return hidden;
    },
    answeredChunk: ({ address, index }, { committed, expected }) =>
      readAnsweredChunk(
        verifier.connection,
        verifier.program,
        { address, index },
        { root: committed, length: expected.length },
      ),
  };
}

/**
 * Finds the withheld result, and only then computes what it should be. Null also if something that
 * the computation needs is withheld.
 */
async function findHidden(
  verifier: Verifier,
  round: Round,
  vector: Evidence["vector"],
): Promise<HiddenVector | null> {
  const [next, nextState] = [await vector("next"), await vector("nextState")];
  if (next !== null && nextState !== null) return null;
  const step = await unlessWithheld(readStep(verifier, round));
  if (step === null) return null;
  if (next === null && !equalBytes(round.nextRoot, step.roots.next))
    return { name: "next", committed: round.nextRoot, expected: step.next };
  if (nextState === null && !equalBytes(round.nextStateRoot, step.roots.stateAfter))
    return { name: "nextState", committed: round.nextStateRoot, expected: step.state };
  return null;
}

async function readStep(verifier: Verifier, round: Round): Promise<CommittedStep | null> {
  const { context, updates } = await readPublishedRound(verifier, round);
  const payload = (hash: Uint8Array) => readPayload(verifier, updates, hash);
  return committedStep(context, updates, payload, verifier.registries);
}

function vectorOf(manifest: RoundManifest, round: Round, name: CommittedVector) {
  switch (name) {
    case "base":
      return { what: "base model", blob: manifest.base.blob, root: round.baseRoot } as const;
    case "next":
      return { what: "next model", blob: manifest.next.blob, root: round.nextRoot } as const;
    case "baseState":
      return {
        what: "state before",
        blob: manifest.stateBefore.blob,
        root: round.baseStateRoot,
      } as const;
    case "nextState":
      return {
        what: "state after",
        blob: manifest.stateAfter.blob,
        root: round.nextStateRoot,
      } as const;
  }
}

async function earnedBefore(
  verifier: Verifier,
  { baseRound }: Round,
): Promise<RewardLeaf[] | null> {
  if (baseRound === 0n) return [];
  const { connection, program, address } = verifier;
  const base = await readRound(connection, roundAddress(program, address, baseRound));
  const manifest =
    base === null ? null : await unlessWithheld(readManifest(verifier, base.manifestHash));
  if (base === null || manifest === null) return null;
  const rewards = rewardsOf(manifest);
  return equalBytes(rewardsRoot(rewards), base.rewardsRoot) ? rewards : null;
}

async function readDelta(
  verifier: Verifier,
  configuration: FederationConfiguration | null,
  updates: readonly PublishedUpdate[] | null,
  index: number,
): Promise<Int32Array | null> {
  const update = updates?.[index];
  if (update === undefined || updates === null || configuration === null) return null;
  const { leaf, envelope } = update;
  const payload = await unlessWithheld(readPayload(verifier, updates, leaf.payloadHash));
  if (payload === null) return null;
  try {
    const delta = decodeUpdate({ configuration, envelope, payload }, verifier.registries);
    return equalBytes(vectorRootFast(delta), leaf.deltaRoot) ? delta : null;
  } catch (error) {
    // A payload that does not decode is not what was counted. The aggregator must show what was.
    if (error instanceof PlenaryError) return null;
    throw error;
  }
}

async function unlessWithheld<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Refuted) return null;
    throw error;
  }
}
