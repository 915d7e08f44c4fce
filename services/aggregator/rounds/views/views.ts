import {
  auditPath,
  type EquivocationEvidence,
  encodeRewardLeaf,
  type FederationView,
  fromBase58,
  leafHash,
  type MemberView,
  PlenaryError,
  REASONS,
  type ReceiptView,
  type RewardView,
  type RoundView,
  reasonName,
  type ServiceIdentity,
  type ServiceView,
  toBase58,
  toBase64,
  toHex,
  type UpdateView,
} from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { MemberRow } from "../../store/members.ts";
import type { RoundRow } from "../../store/rounds.ts";
import type { EquivocationRow, UpdateRow } from "../../store/updates.ts";
import { isActive } from "../access/members.ts";
import type { Context } from "../context.ts";
import { viewDispute } from "./view-dispute.ts";

/*
 * Rows in the form that the endpoints answer with.
 */

export function viewService({ genesisHash, programId, aggregator }: ServiceIdentity): ServiceView {
  return {
    genesisHash: toHex(genesisHash),
    programId: toBase58(programId),
    aggregator: toBase58(aggregator),
  };
}

export async function viewFederation(
  context: Context,
  federation: FederationRow,
): Promise<FederationView> {
  const newest = await context.store.rounds.newest(federation.address);
  const collecting = newest?.state === "collecting" ? newest.number.toString() : null;
  return {
    address: toBase58(federation.address),
    name: federation.configuration.name,
    programId: toBase58(federation.program_id),
    genesisHash: toHex(federation.genesis_hash),
    authority: toBase58(federation.authority),
    aggregator: toBase58(federation.aggregator),
    rewardMint: toBase58(federation.reward_mint),
    configuration: federation.configuration,
    configurationHash: toHex(federation.configuration_hash),
    round: collecting,
    committedRounds: federation.committed_rounds.toString(),
    modelRoot: toHex(federation.model_root),
    modelBlob: toHex(federation.model_blob),
    members: await context.store.members.count(federation.address),
    status: federation.status,
  };
}

export async function viewMember(context: Context, member: MemberRow): Promise<MemberView> {
  const { store } = context;
  const record = await store.members.record(member.federation, member.address);
  const newest = await store.rounds.newest(member.federation);
  const claimable = record.final - member.claimed;
  return {
    address: toBase58(member.address),
    owner: toBase58(member.owner),
    signingKey: toBase58(member.update_key),
    payout: toBase58(member.payout),
    joinedRound: member.joined_round.toString(),
    active: isActive(member, newest?.number ?? member.joined_round),
    counted: record.counted,
    refused: record.refused,
    earned: record.earned.toString(),
    claimed: member.claimed.toString(),
    claimable: (claimable > 0n ? claimable : 0n).toString(),
  };
}

export async function viewRound(
  context: Context,
  federation: FederationRow,
  round: RoundRow,
): Promise<RoundView> {
  const counts = await context.store.updates.counts(round);
  const transactions = await context.store.transactions.ofRound(round);
  const disputes = await context.store.disputes.ofRound(round);
  const signature = (kind: string) =>
    transactions.find((row) => row.kind === kind)?.signature ?? null;
  return {
    federation: toBase58(round.federation),
    number: round.number.toString(),
    address: toBase58(round.address),
    state: round.state,
    voidReason: round.void_reason,
    baseRoot: toHex(round.base_root),
    baseBlob: toHex(round.base_blob),
    nextRoot: hexOrNull(round.next_root),
    nextBlob: hexOrNull(round.next_blob),
    updatesRoot: hexOrNull(round.updates_root),
    rewardsRoot: hexOrNull(round.rewards_root),
    manifest: hexOrNull(round.manifest_hash),
    ...counts,
    quorum: federation.configuration.rounds.quorum,
    openedAt: numberOrNull(round.opened_at),
    deadlineAt: numberOrNull(round.deadline_at),
    closedAt: numberOrNull(round.closed_at),
    committedAt: numberOrNull(round.committed_at),
    evaluation: round.evaluation,
    transactions: {
      open: signature("open"),
      commit: signature("commit"),
      finalize: signature("finalize"),
      void: signature("void"),
    },
    disputes: disputes.map(viewDispute),
  };
}

export function viewUpdate(round: RoundRow, update: UpdateRow): UpdateView {
  const state = round.state === "void" && update.state !== "superseded" ? "void" : update.state;
  return {
    member: toBase58(update.member),
    sequence: update.sequence.toString(),
    envelopeHash: toHex(update.envelope_hash),
    state,
    reason: viewReason(update.reason),
    weight: update.weight,
    payloadBytes: Number(update.payload_bytes),
    payloadHash: toHex(update.payload_hash),
    receivedAt: Number(update.received_at),
    score: update.score?.toString() ?? null,
  };
}

export function viewEquivocation(row: EquivocationRow): EquivocationEvidence {
  return {
    version: 1,
    kind: "equivocation",
    signingKey: toBase58(row.signing_key),
    first: { envelope: toBase64(row.first_envelope), signature: toBase64(row.first_signature) },
    second: { envelope: toBase64(row.second_envelope), signature: toBase64(row.second_signature) },
  };
}

export function viewReceipt(federation: FederationRow, update: UpdateRow): ReceiptView {
  return {
    envelopeHash: toHex(update.envelope_hash),
    receipt: toBase64(update.receipt),
    signature: toBase64(update.receipt_signature),
    aggregator: toBase58(federation.aggregator),
  };
}

/** A member's reward in the last final round with its proof. Throws `not-found`, saying why there is none. */
export async function viewReward(
  context: Context,
  federation: FederationRow,
  member: string,
): Promise<RewardView> {
  const round = await context.store.rounds.lastFinal(federation.address);
  const address = fromBase58(member);
  const leaves = round === undefined ? [] : await context.store.rewards.ofRound(round);
  const index = leaves.findIndex((leaf) => Buffer.compare(leaf.member, address) === 0);
  const leaf = leaves[index];
  if (round?.rewards_root == null || leaf === undefined)
    throw new PlenaryError(
      "not-found",
      round === undefined
        ? "No round of this federation is final yet: rewards can be claimed after the challenge window."
        : `${member} has earned nothing up to the last final round, ${round.number}.`,
      { member },
    );
  const hashes = leaves.map(({ member, cumulative }) =>
    leafHash(encodeRewardLeaf({ member, cumulative })),
  );
  return {
    member,
    round: round.number.toString(),
    rewardsRoot: toHex(round.rewards_root),
    cumulative: leaf.cumulative.toString(),
    index,
    size: leaves.length,
    path: auditPath(hashes, index).map(toHex),
  };
}

/** Why a screened update does not count; null for one that does. */
function viewReason(code: number | null): UpdateView["reason"] {
  const name = code === null || code === REASONS.counted.code ? undefined : reasonName(code);
  return name === undefined || code === null ? null : { code, name, text: REASONS[name].text };
}

function hexOrNull(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : toHex(bytes);
}

function numberOrNull(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}
