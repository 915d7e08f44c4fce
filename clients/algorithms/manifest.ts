import {
  configurationHash,
  type RewardLeaf,
  type RoundManifest,
  toBase58,
  toBase64,
  toHex,
  vectorToBytes,
} from "@plenary/protocol";
import type { CheckedReport } from "./audits.ts";
import { hashBlob } from "./blob-hash.ts";
import type { CompletedRound, RoundContext, RoundUpdate } from "./round.ts";

/** The round in the form whose hash is committed. `updates` and `reports` ascend by member. */
export async function buildManifest(
  context: RoundContext,
  updates: readonly RoundUpdate[],
  reports: readonly CheckedReport[],
  result: Omit<CompletedRound, "manifest" | "manifestHash">,
): Promise<RoundManifest> {
  const { roots } = result;
  return {
    version: 1,
    genesisHash: toHex(context.genesisHash),
    programId: toBase58(context.programId),
    federation: toBase58(context.federation),
    round: context.round.toString(),
    configuration: toHex(configurationHash(context.configuration)),
    ...(context.questionnaire !== undefined && { questionnaire: context.questionnaire }),
    previous: context.previousManifest === null ? null : toHex(context.previousManifest),
    seed: toHex(context.seed),
    parameterCount: context.base.length,
    base: await vectorEntry(roots.base, context.base),
    next: await vectorEntry(roots.next, result.next),
    stateBefore: await vectorEntry(roots.stateBefore, context.state),
    stateAfter: await vectorEntry(roots.stateAfter, result.state),
    updates: updates.map(updateEntry),
    updatesRoot: toHex(roots.updates),
    totalWeight: result.totalWeight,
    scores: result.scores.map(({ member, score }) => ({
      member: toBase58(member),
      score: score.toString(),
    })),
    rewards: result.rewards.map(rewardEntry),
    rewardsRoot: toHex(roots.rewards),
    cumulativeRewards: result.cumulativeRewards.toString(),
    ...auditEntries(context, reports),
  };
}

function auditEntries(
  { auditDraw }: RoundContext,
  reports: readonly CheckedReport[],
): Pick<RoundManifest, "audits"> {
  if (auditDraw === null) return {};
  const entries = reports.map(({ message, signature }) => ({
    report: toBase64(message),
    signature: toBase64(signature),
  }));
  return { audits: { slotHash: toHex(auditDraw.slotHash), reports: entries } };
}

function updateEntry({
  leaf,
  signingKey,
  message,
  signature,
}: RoundUpdate): RoundManifest["updates"][number] {
  return {
    member: toBase58(leaf.member),
    signingKey: toBase58(signingKey),
    envelope: toBase64(message),
    signature: toBase64(signature),
    weight: leaf.weight,
    reason: leaf.reason,
  };
}

function rewardEntry({ member, cumulative }: RewardLeaf): RoundManifest["rewards"][number] {
  return { member: toBase58(member), cumulative: cumulative.toString() };
}

async function vectorEntry(root: Uint8Array, vector: Int32Array): Promise<RoundManifest["base"]> {
  return { root: toHex(root), blob: toHex(await hashBlob(vectorToBytes(vector))) };
}
