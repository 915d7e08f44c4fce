import { equalBytes, PlenaryError, toHex } from "@plenary/protocol";
import type { LedgerRound } from "../../chain/ledger.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { CommittingRound } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { isTooLateToCommit } from "../due.ts";
import type { Progress } from "./progress.ts";
import { giveUpRound, NOT_IN_TIME } from "./void.ts";

/**
 * Commits a computed round on chain and moves the federation to its model. If it is too late for
 * the chain, the round will be void.
 */
export async function commitRound(
  context: Context,
  federation: FederationRow,
  round: CommittingRound,
): Promise<Progress> {
  if (await isTooLateToCommit(context, round)) {
    await giveUpRound(context, round, NOT_IN_TIME);
    return "stepped";
  }
  const { commitment } = round.computed;
  const committed = await ensureTransaction(context, {
    key: round,
    kind: "commit",
    isDone: (account) => account?.status === "committed" || account?.status === "final",
    send: (onSigned) =>
      context.ledger.commitRound(federation.address, round.number, commitment, onSigned),
  });
  checkCommitted(round, committed);
  await recordCommitted(context, federation, round, committed);
  return "stepped";
}

async function recordCommitted(
  context: Context,
  federation: FederationRow,
  round: CommittingRound,
  committed: LedgerRound,
): Promise<void> {
  const { commitment, nextBlob, nextStateBlob } = round.computed;
  await inTransaction(context, async (store) => {
    if (!(await store.rounds.commit(round, committed))) return;
    await store.federations.advanceTip(federation.address, {
      last_committed_round: round.number,
      model_root: commitment.nextRoot,
      model_blob: nextBlob,
      state_root: commitment.nextStateRoot,
      state_blob: nextStateBlob,
      manifest_hash: commitment.manifestHash,
    });
    await store.events.append({
      federation: federation.address,
      type: "round-committed",
      round: round.number,
      at: context.clock.now(),
    });
  });
}

/** They differ only if another process with this aggregator's key has committed something else. */
function checkCommitted({ number, computed }: CommittingRound, committed: LedgerRound): void {
  const { manifestHash } = computed.commitment;
  if (equalBytes(committed.manifestHash, manifestHash)) return;
  throw new PlenaryError(
    "round-inconsistent",
    `Round ${number} is committed on chain with another manifest than this service computed.`,
    { here: toHex(manifestHash), chain: toHex(committed.manifestHash) },
  );
}
