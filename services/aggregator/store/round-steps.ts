import type { EvaluationView, RoundState } from "@plenary/protocol";
import type { Updateable } from "kysely";
import type { Queries } from "./database.ts";
import type {
  CommittedAt,
  ComputedRound,
  OpenedRound,
  OpeningRound,
  RoundAudits,
  RoundBase,
  RoundKey,
} from "./round.ts";
import type { RoundsTable } from "./schema.ts";

/**
 * The steps from one state of a round to the next. Each resolves with whether the round was still
 * in the state from which the step starts: of two workers only one takes a step.
 */
export function roundSteps(queries: Queries) {
  const step = async (
    { federation, number }: RoundKey,
    from: RoundState,
    changes: Updateable<RoundsTable>,
  ): Promise<boolean> => {
    const moved = await queries
      .updateTable("rounds")
      .set(changes)
      .where("federation", "=", federation)
      .where("number", "=", number)
      .where("state", "=", from)
      .returning("number")
      .executeTakeFirst();
    return moved !== undefined;
  };
  return {
    /** Decides to open a round. False if there is a round with this number. */
    async plan(
      round: Pick<
        OpeningRound,
        keyof RoundKey | "address" | "base" | "questionnaire" | "createdAt"
      >,
    ) {
      const { federation, number, address, base, questionnaire, createdAt } = round;
      const row = { federation, number, address, state: "opening" as const, ...baseColumns(base) };
      const inserted = await queries
        .insertInto("rounds")
        .values({ ...row, questionnaire, created_at: BigInt(createdAt) })
        .onConflict((conflict) => conflict.doNothing())
        .returning("number")
        .executeTakeFirst();
      return inserted !== undefined;
    },

    /** Lets a planned round build on something else. */
    rebase: (key: RoundKey, base: RoundBase) => step(key, "opening", baseColumns(base)),

    open: (key: RoundKey, opened: OpenedRound) =>
      step(key, "opening", {
        state: "collecting",
        slot_hash: opened.slotHash,
        opened_at: BigInt(opened.openedAt),
        deadline_at: BigInt(opened.deadlineAt),
        commit_by: BigInt(opened.commitBy),
      }),

    close: (key: RoundKey, closedAt: number) =>
      step(key, "collecting", { state: "closing", closed_at: BigInt(closedAt) }),

    drawAudits: (key: RoundKey, { slotHash, drawn, until }: Omit<RoundAudits, "closedAt">) =>
      step(key, "closing", {
        audit_slot_hash: slotHash,
        audit_drawn: drawn,
        audits_until: BigInt(Math.floor(until)),
      }),

    closeAudits: (key: RoundKey, closedAt: number) =>
      step(key, "closing", { audits_closed_at: BigInt(closedAt) }),

    compute: (key: RoundKey, computed: ComputedRound) =>
      step(key, "closing", { state: "committing", ...computedColumns(computed) }),

    commit: (key: RoundKey, { committedAt, challengeEndsAt }: CommittedAt) =>
      step(key, "committing", {
        state: "committed",
        committed_at: BigInt(committedAt),
        challenge_ends_at: BigInt(challengeEndsAt),
      }),

    finalize: (key: RoundKey) => step(key, "committed", { state: "final" }),

    /**
     * Decides that a round is not committed: it waits, closing, until the chain lets it be voided.
     */
    giveUp: (key: RoundKey, from: "closing" | "committing", reason: string) =>
      step(key, from, { state: "closing", void_reason: reason }),

    makeVoid: (key: RoundKey, from: RoundState, reason: string) =>
      step(key, from, { state: "void", void_reason: reason }),

    /** Null says that the model was evaluated and has no scores. */
    async setEvaluation({ federation, number }: RoundKey, evaluation: EvaluationView | null) {
      await queries
        .updateTable("rounds")
        .set({
          evaluation: JSON.stringify(evaluation),
          choosing_score: evaluation?.halves?.choosing.alignment ?? null,
        })
        .where("federation", "=", federation)
        .where("number", "=", number)
        .execute();
    },
  };
}

function baseColumns(base: RoundBase) {
  return {
    base_round: base.round,
    base_root: base.root,
    base_blob: base.blob,
    base_state_root: base.stateRoot,
    base_state_blob: base.stateBlob,
    previous_manifest: base.manifest,
  };
}

function computedColumns({ commitment, nextBlob, nextStateBlob }: ComputedRound) {
  return {
    next_root: commitment.nextRoot,
    next_blob: nextBlob,
    next_state_root: commitment.nextStateRoot,
    next_state_blob: nextStateBlob,
    updates_root: commitment.updatesRoot,
    update_count: commitment.updateCount,
    total_weight: commitment.totalWeight,
    rewards_root: commitment.rewardsRoot,
    reward_count: commitment.rewardCount,
    cumulative_rewards: commitment.cumulativeRewards,
    manifest_hash: commitment.manifestHash,
  };
}
