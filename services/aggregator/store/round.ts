import { type EvaluationView, PlenaryError, type RoundCommitment } from "@plenary/protocol";
import type { Selectable } from "kysely";
import type { RoundsTable } from "./schema.ts";

/*
 * A round by its state: the type of each state has what the round knows in it. Times are
 * milliseconds since 1970; all but `createdAt` and `closedAt` are by the chain's clock. Hashes,
 * roots and addresses are 32 bytes.
 */

/** The key of a round in the database. */
export interface RoundKey {
  readonly federation: Uint8Array;
  readonly number: bigint;
}

/** What a round builds on: what the last committed round left. */
export interface RoundBase {
  /** Number of the last committed round; 0 for the first model. */
  readonly round: bigint;
  readonly root: Uint8Array;
  readonly blob: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly stateBlob: Uint8Array;
  /** Hash of its manifest; null for the first model. */
  readonly manifest: Uint8Array | null;
}

export interface OpenedRound {
  readonly slotHash: Uint8Array;
  readonly openedAt: number;
  readonly deadlineAt: number;
  /** Last moment at which the chain takes the commit. */
  readonly commitBy: number;
}

/** The audits that the program drew for a closed round. */
export interface RoundAudits {
  readonly slotHash: Uint8Array;
  /** Hash of the slot hash and the round's envelopes, as the Round account holds it. */
  readonly drawn: Uint8Array;
  /** Reports are taken until then. */
  readonly until: number;
  /** When they were taken no longer; null while the audits are open. By the service's clock. */
  readonly closedAt: number | null;
}

export interface ComputedRound {
  readonly commitment: RoundCommitment;
  readonly nextBlob: Uint8Array;
  readonly nextStateBlob: Uint8Array;
}

export interface CommittedAt {
  readonly committedAt: number;
  readonly challengeEndsAt: number;
}

/** Parts that the round's steps fill in. */
interface RoundParts {
  readonly opened: OpenedRound | null;
  readonly closedAt: number | null;
  readonly audits: RoundAudits | null;
  readonly computed: ComputedRound | null;
  readonly committed: CommittedAt | null;
  readonly evaluation: EvaluationView | null;
  readonly voidReason: string | null;
}

interface PlannedRound extends RoundKey {
  readonly address: Uint8Array;
  readonly base: RoundBase;
  /** Number of its questionnaire version; null where it is the configuration's. */
  readonly questionnaire: bigint | null;
  /** When the service decided to open it. */
  readonly createdAt: number;
}

type InState<State extends string, Filled> = PlannedRound &
  Omit<RoundParts, keyof Filled> &
  Filled & { readonly state: State };

interface Opened {
  readonly opened: OpenedRound;
}
interface Closed extends Opened {
  readonly closedAt: number;
}
interface Computed extends Closed {
  readonly computed: ComputedRound;
}
interface Committed extends Computed {
  readonly committed: CommittedAt;
}

export type OpeningRound = InState<"opening", unknown>;
export type CollectingRound = InState<"collecting", Opened>;
/** With a `voidReason` it waits for the chain to let it be voided. */
export type ClosingRound = InState<"closing", Closed>;
export type CommittingRound = InState<"committing", Computed>;
export type CommittedRound = InState<"committed" | "final", Committed>;
/** It may have become void in any state, and keeps what it had. */
export type VoidRound = InState<"void", { readonly voidReason: string }>;

export type Round =
  | OpeningRound
  | CollectingRound
  | ClosingRound
  | CommittingRound
  | CommittedRound
  | VoidRound;

export type RoundRow = Selectable<RoundsTable>;

/** The round that a row describes. Throws `internal` if the row lacks what its state needs. */
export function roundOf(row: RoundRow): Round {
  const { state } = row;
  const opened = openedOf(row);
  const closedAt = numberOrNull(row.closed_at);
  const computed = computedOf(row);
  const committed = committedOf(row);
  const planned = {
    federation: row.federation,
    number: row.number,
    address: row.address,
    base: baseOf(row),
    questionnaire: row.questionnaire,
    createdAt: Number(row.created_at),
  };
  const { evaluation, void_reason: voidReason } = row;
  const parts = { opened, closedAt, audits: auditsOf(row), computed, committed };
  const round = { ...planned, ...parts, evaluation, voidReason };
  if (state === "opening") return { ...round, state };
  if (state === "void") return { ...round, state, voidReason: voidReason ?? "" };
  if (opened === null) throw incomplete(row, "opened");
  if (state === "collecting") return { ...round, state, opened };
  if (closedAt === null) throw incomplete(row, "closed");
  if (state === "closing") return { ...round, state, opened, closedAt };
  if (computed === null) throw incomplete(row, "computed");
  if (state === "committing") return { ...round, state, opened, closedAt, computed };
  if (committed === null) throw incomplete(row, "committed");
  return { ...round, state, opened, closedAt, computed, committed };
}

function incomplete({ number, state }: RoundRow, step: string): PlenaryError {
  return new PlenaryError(
    "internal",
    `The database's round ${number} is ${state}, but it was never ${step}.`,
    { round: number.toString(), state },
  );
}

function baseOf(row: RoundRow): RoundBase {
  return {
    round: row.base_round,
    root: row.base_root,
    blob: row.base_blob,
    stateRoot: row.base_state_root,
    stateBlob: row.base_state_blob,
    manifest: row.previous_manifest,
  };
}

function openedOf({ slot_hash, opened_at, deadline_at, commit_by }: RoundRow): OpenedRound | null {
  if (slot_hash === null || opened_at === null || deadline_at === null || commit_by === null)
    return null;
  return {
    slotHash: slot_hash,
    openedAt: Number(opened_at),
    deadlineAt: Number(deadline_at),
    commitBy: Number(commit_by),
  };
}

function auditsOf(row: RoundRow): RoundAudits | null {
  const { audit_slot_hash, audit_drawn, audits_until, audits_closed_at } = row;
  if (audit_slot_hash === null || audit_drawn === null || audits_until === null) return null;
  return {
    slotHash: audit_slot_hash,
    drawn: audit_drawn,
    until: Number(audits_until),
    closedAt: numberOrNull(audits_closed_at),
  };
}

function computedOf(row: RoundRow): ComputedRound | null {
  const { next_blob, next_state_blob } = row;
  const commitment = commitmentOf(row);
  if (next_blob === null || next_state_blob === null || commitment === null) return null;
  return { commitment, nextBlob: next_blob, nextStateBlob: next_state_blob };
}

function commitmentOf(row: RoundRow): RoundCommitment | null {
  const { next_root, next_state_root, updates_root, update_count, total_weight } = row;
  const { rewards_root, reward_count, cumulative_rewards, manifest_hash } = row;
  if (next_root === null || next_state_root === null || updates_root === null) return null;
  if (update_count === null || total_weight === null || rewards_root === null) return null;
  if (reward_count === null || cumulative_rewards === null || manifest_hash === null) return null;
  return {
    nextRoot: next_root,
    nextStateRoot: next_state_root,
    updatesRoot: updates_root,
    updateCount: update_count,
    totalWeight: total_weight,
    rewardsRoot: rewards_root,
    rewardCount: reward_count,
    cumulativeRewards: cumulative_rewards,
    manifestHash: manifest_hash,
  };
}

function committedOf({ committed_at, challenge_ends_at }: RoundRow): CommittedAt | null {
  if (committed_at === null || challenge_ends_at === null) return null;
  return { committedAt: Number(committed_at), challengeEndsAt: Number(challenge_ends_at) };
}

function numberOrNull(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}
