import {
  chunkLeavesFast,
  chunkProof,
  findVectorDifference,
  rewardLeafProof,
  updateLeafProof,
} from "@plenary/algorithms";
import {
  type Dispute,
  disputeChunk,
  disputeDemand,
  disputeLeaf,
  disputeNarrow,
  disputeProbe,
  disputeRewards,
  missingPiece,
  type TreeLeaf,
} from "@plenary/chain";
import {
  compareBytes,
  differingLeaves,
  type LeafProof,
  REASONS,
  type RewardLeaf,
  type UpdateLeaf,
} from "@plenary/protocol";
import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import type { Evidence } from "./evidence.ts";

/**
 * Decides what a challenger does next from the dispute's own state, so nothing else has to be
 * remembered.
 */
export type DisputeStep =
  | {
      readonly type: "send";
      readonly what: SentStep;
      readonly instructions: TransactionInstruction[];
    }
  /** The aggregator has until `until` (Unix seconds on the chain's clock) to answer. */
  | { readonly type: "wait"; readonly until: bigint }
  /** Decided, complete, unanswered or out of time: anyone may end it. */
  | { readonly type: "resolve" };

export type SentStep = "leaf" | "chunk" | "rewards" | "neighbour" | "demand" | "probe";

/** Rewards leaves that fit into one transaction. */
const REWARDS_AT_ONCE = 20;
/**
 * Longest audit path with which a chunk fits beside its leaf: 1,232 bytes less everything else,
 * with room for a priority fee.
 */
const LONGEST_PATH_BESIDE_LEAF = 16;

/** Decides the next step. `now` is the chain's time in Unix seconds. */
export async function nextStep(
  program: PublicKey,
  dispute: Dispute,
  evidence: Evidence,
  now: bigint,
): Promise<DisputeStep> {
  if (dispute.decided !== null) return { type: "resolve" };
  if (dispute.demandDeadline !== 0n)
    return now <= dispute.demandDeadline
      ? { type: "wait", until: dispute.demandDeadline }
      : { type: "resolve" };
  if (now > dispute.expiresAt) return { type: "resolve" };
  switch (dispute.kind) {
    case "chunk":
      return chunkStep(program, dispute, evidence);
    case "total":
      return totalStep(program, dispute, evidence);
    case "omission":
      return evidence.shown === undefined
        ? searchStep(program, dispute, evidence.leaves && updatesTree(evidence.leaves))
        : shownStep(program, dispute, evidence.shown);
    case "shortfall":
      return searchStep(program, dispute, evidence.rewards && rewardsTree(evidence.rewards));
    case "envelope":
      // Opening it demands the envelope. A dispute without a deadline has been shown it.
      return { type: "resolve" };
  }
}

async function chunkStep(
  program: PublicKey,
  dispute: Dispute,
  evidence: Evidence,
): Promise<DisputeStep> {
  const probe = dispute.nextLeaf === 0 ? await probeStep(program, dispute, evidence) : null;
  if (probe !== null) return probe;
  const missing = missingPiece(dispute);
  if (missing === null) return { type: "resolve" };
  if (missing === "leaf") return leafStep(program, dispute, evidence);
  if (missing === "delta") return deltaStep(program, dispute, evidence);
  const vector = await evidence.vector(missing);
  return vector === null
    ? demand(program, dispute)
    : send(
        "chunk",
        disputeChunk(program, {
          ...of(dispute),
          vector: missing,
          chunk: chunkProof(vector, dispute.index),
        }),
      );
}

/**
 * If a wrong result is withheld, only the aggregator knows which of its chunks is wrong. So it is
 * asked for chunks: the path of each chunk shows under which node the committed tree differs from
 * the right one, and the next chunk is asked for there. Null once the dispute is about a chunk that
 * differs, and if nothing can be found out.
 */
async function probeStep(
  program: PublicKey,
  dispute: Dispute,
  evidence: Evidence,
): Promise<DisputeStep | null> {
  const hidden = await evidence.hidden();
  if (hidden === null) return null;
  const probe = (index: number) =>
    send("probe", disputeProbe(program, { ...of(dispute), vector: hidden.name, index }));
  if (!dispute.received.includes(hidden.name)) return probe(dispute.index);
  const shown = await evidence.answeredChunk(dispute, hidden);
  if (
    shown === null ||
    findVectorDifference(shown.values, chunkProof(hidden.expected, dispute.index).values)
  )
    return null;
  const elsewhere = differingLeaves(chunkLeavesFast(hidden.expected), dispute.index, shown.path);
  return elsewhere === null ? null : probe(elsewhere.from);
}

/** The next leaf, with its update's chunk if the leaf counts and the chunk fits. */
async function leafStep(
  program: PublicKey,
  dispute: Dispute,
  { leaves, delta, round }: Evidence,
): Promise<DisputeStep> {
  const leaf = leaves?.[dispute.nextLeaf];
  if (leaf === undefined) return demand(program, dispute);
  // A leaf that breaks a rule, or follows one that does, is noted. Its chunk is not asked for.
  const counts =
    dispute.fault === "none" &&
    leaf.reason === REASONS.counted.code &&
    leaf.weight > 0 &&
    leaf.weight <= round.maxWeight;
  const update = counts ? await delta(dispute.nextLeaf) : null;
  const chunk = update === null ? undefined : chunkProof(update, dispute.index);
  const fits = chunk !== undefined && chunk.path.length <= LONGEST_PATH_BESIDE_LEAF;
  return send(
    "leaf",
    disputeLeaf(program, { ...of(dispute), leaf, chunk: fits ? chunk : undefined }),
  );
}

/** The chunk of the leaf that was folded last. */
async function deltaStep(
  program: PublicKey,
  dispute: Dispute,
  evidence: Evidence,
): Promise<DisputeStep> {
  const index = dispute.nextLeaf - 1;
  const update = await evidence.delta(index);
  if (update !== null)
    return send(
      "chunk",
      disputeChunk(program, {
        ...of(dispute),
        vector: "delta",
        chunk: chunkProof(update, dispute.index),
      }),
    );
  const pending = await evidence.leafProof(dispute.address, index);
  return demand(program, dispute, pending ?? undefined);
}

function totalStep(program: PublicKey, dispute: Dispute, { rewards }: Evidence): DisputeStep {
  if (missingPiece(dispute) === null) return { type: "resolve" };
  if (rewards === null) return demand(program, dispute);
  const leaves = rewards.slice(dispute.nextLeaf, dispute.nextLeaf + REWARDS_AT_ONCE);
  return send("rewards", disputeRewards(program, { ...of(dispute), leaves }));
}

/** A tree that is searched for a member's leaf. */
interface SearchedTree {
  readonly members: readonly Uint8Array[];
  prove(index: number): { readonly leaf: TreeLeaf; readonly path: readonly Uint8Array[] };
}

function updatesTree(leaves: readonly UpdateLeaf[]): SearchedTree {
  return {
    members: leaves.map(({ member }) => member),
    prove(index) {
      const { leaf, path } = updateLeafProof(leaves, index);
      return { leaf: { tree: "updates", leaf }, path };
    },
  };
}

function rewardsTree(leaves: readonly RewardLeaf[]): SearchedTree {
  return {
    members: leaves.map(({ member }) => member),
    prove(index) {
      const { leaf, path } = rewardLeafProof(leaves, index);
      return { leaf: { tree: "rewards", leaf }, path };
    },
  };
}

/**
 * The target's own leaf, or the neighbours of the place where it would be, the lower first.
 * Withheld leaves end the search.
 */
function searchStep(program: PublicKey, dispute: Dispute, tree: SearchedTree | null): DisputeStep {
  if (tree === null) return { type: "wait", until: dispute.expiresAt };
  const target = dispute.target.toBytes();
  const notBelow = tree.members.findIndex((member) => compareBytes(member, target) >= 0);
  const place = notBelow < 0 ? tree.members.length : notBelow;
  const own = tree.members[place];
  const isOwn = own !== undefined && compareBytes(own, target) === 0;
  const index = isOwn || dispute.low >= place ? place : place - 1;
  return send("neighbour", disputeNarrow(program, { ...of(dispute), index, ...tree.prove(index) }));
}

/** The leaf that a proof of omission shows next. A leaf below the last one would narrow nothing. */
function shownStep(
  program: PublicKey,
  dispute: Dispute,
  shown: readonly LeafProof<UpdateLeaf>[],
): DisputeStep {
  const next = shown.find(({ index }) => index >= dispute.low);
  if (next === undefined) return { type: "wait", until: dispute.expiresAt };
  const { index, leaf, path } = next;
  const narrow = { ...of(dispute), index, leaf: { tree: "updates", leaf }, path } as const;
  return send("neighbour", disputeNarrow(program, narrow));
}

function demand(
  program: PublicKey,
  dispute: Dispute,
  pending?: LeafProof<UpdateLeaf>,
): DisputeStep {
  return send("demand", disputeDemand(program, { ...of(dispute), pending }));
}

function send(what: SentStep, instructions: TransactionInstruction[]): DisputeStep {
  return { type: "send", what, instructions };
}

function of({ address, challenger }: Dispute) {
  return { dispute: address, challenger };
}
