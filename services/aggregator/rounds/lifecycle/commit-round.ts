import type { RoundCommitment } from "@plenary/algorithms";
import { equalBytes, PlenaryError, toHex } from "@plenary/protocol";
import type { LedgerRound } from "../../chain/ledger.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { RoundRow } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { CONTINUE, type Progress } from "./progress.ts";

/** Commits a computed round on chain and moves the federation to its model. Too late, the round is to be made void. */
export async function commitRound(
  context: Context,
  federation: FederationRow,
  round: RoundRow,
): Promise<Progress> {
  const commitment = commitmentOf(round);
  if (await isTooLate(context, round)) {
    await inTransaction(context, async (store) => {
      const reason = "The round was not committed in time.";
      if (await store.rounds.move(round, "committing", { state: "closing", void_reason: reason }))
        await store.transactions.plan(round, "void", BigInt(context.clock.now()));
    });
    return CONTINUE;
  }
  const committed = await ensureTransaction(context, {
    key: round,
    kind: "commit",
    isDone: (account) => account?.status === "committed" || account?.status === "final",
    send: (onSigned) =>
      context.ledger.commitRound(federation.address, round.number, commitment, onSigned),
  });
  checkCommitted(round, committed, commitment);
  await recordCommitted(context, federation, round, committed);
  return CONTINUE;
}

/** Whether the chain will not take the commit any more, and has not taken it. */
export async function isTooLate(
  { ledger, chainClock }: Context,
  round: RoundRow,
): Promise<boolean> {
  const commitBy = Number(round.commit_by ?? 0n);
  if ((await chainClock.now()) <= commitBy) return false;
  const account = await ledger.round(round.federation, round.number);
  return (
    (account?.status === "open" && (await ledger.now()) > commitBy) || account?.status === "void"
  );
}

async function recordCommitted(
  context: Context,
  federation: FederationRow,
  round: RoundRow,
  committed: LedgerRound,
): Promise<void> {
  const { next_root, next_blob, next_state_root, next_state_blob } = round;
  if (
    next_root === null ||
    next_blob === null ||
    next_state_root === null ||
    next_state_blob === null
  )
    throw new Error("unreachable: a round that commits was computed");
  await inTransaction(context, async (store) => {
    const moved = await store.rounds.move(round, "committing", {
      state: "committed",
      committed_at: BigInt(committed.committedAt),
      challenge_ends_at: BigInt(committed.challengeEndsAt),
    });
    if (!moved) return;
    await store.federations.advanceTip(federation.address, {
      last_committed_round: round.number,
      model_root: next_root,
      model_blob: next_blob,
      state_root: next_state_root,
      state_blob: next_state_blob,
      manifest_hash: round.manifest_hash,
    });
    await store.events.append({
      federation: federation.address,
      type: "round-committed",
      round: round.number,
      at: context.clock.now(),
    });
  });
}

function commitmentOf(round: RoundRow): RoundCommitment {
  const { next_root, next_state_root, updates_root, update_count, total_weight } = round;
  const { rewards_root, reward_count, cumulative_rewards, manifest_hash } = round;
  if (
    next_root === null ||
    next_state_root === null ||
    updates_root === null ||
    update_count === null ||
    total_weight === null ||
    rewards_root === null ||
    reward_count === null ||
    cumulative_rewards === null ||
    manifest_hash === null
  )
    throw new Error("unreachable: a round that commits was computed");
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

/** Another process with this aggregator's key would have to have committed something else. */
function checkCommitted(
  round: RoundRow,
  committed: LedgerRound,
  commitment: RoundCommitment,
): void {
  if (equalBytes(committed.manifestHash, commitment.manifestHash)) return;
  throw new PlenaryError(
    "round-inconsistent",
    `Round ${round.number} is committed on chain with another manifest than this service computed.`,
    { here: toHex(commitment.manifestHash), chain: toHex(committed.manifestHash) },
  );
}
