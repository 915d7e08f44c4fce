import { PlenaryError, type RoundState } from "@plenary/protocol";
import type { LedgerFederation } from "../../chain/ledger.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { Store } from "../../store/index.ts";
import type { RoundRow } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { noteMissedDisputes } from "../disputes/missed-disputes.ts";
import type { RunningSums } from "../updates/running-sums.ts";

/** A commit may have landed, and been challenged, before it was written down here. */
const CAN_BE_DISPUTED: readonly RoundState[] = ["committing", "committed"];

/**
 * Follows the chain where it has dropped rounds: one that a fraud proof made void, one that somebody voided when it was late, and all that
 * build on them. In one transaction they become void and the federation stands where it stood before them; a round that was written down
 * and is not on chain yet moves to that base. Returns whether anything was dropped. Without the chain nothing is known and nothing is done.
 */
export async function dropVoidRounds(
  context: Context,
  sums: RunningSums,
  federation: FederationRow,
): Promise<boolean> {
  const rounds = await context.store.rounds.notSettled(federation.address);
  if (rounds.length === 0) return false;
  const onChain = await federationIfAnswered(context, federation);
  const first = rounds.find((round) => onChain !== undefined && hasDropped(onChain, round));
  if (onChain === undefined || first === undefined) return false;
  const above = rounds.filter(({ number }) => number >= first.number);
  for (const round of above)
    if (CAN_BE_DISPUTED.includes(round.state)) await noteMissedDisputes(context, round);
  await inTransaction(context, async (store) => {
    const dropped = above.filter(
      (round) => round.state !== "opening" || hasDropped(onChain, round),
    );
    for (const round of dropped) await makeVoid(context, store, first, round);
    const wereCommitted = dropped.filter(({ state }) => state === "committed").length;
    await store.federations.restoreTip(federation.address, tipBelow(first), wereCommitted);
    for (const round of above)
      if (!dropped.includes(round)) await store.rounds.move(round, "opening", baseOf(first));
    for (const { number } of dropped)
      await store.events.append({
        federation: federation.address,
        type: "round-void",
        round: number,
        at: context.clock.now(),
      });
  });
  for (const round of above) sums.forget(round);
  context.log.warn(
    { first: first.number.toString(), rounds: above.length, base: first.base_round.toString() },
    "the chain has dropped rounds: going on from what they were built on",
  );
  return true;
}

/** Makes the accounts of dropped rounds void on chain, so that everybody sees it and their rent can be had back. */
export async function voidDropped(context: Context, { address }: FederationRow): Promise<void> {
  const { ledger, store, clock } = context;
  for (const round of await store.rounds.notVoided(address)) {
    if ((await ledger.round(address, round.number)) === undefined) {
      await store.transactions.confirm(round, "void", null, BigInt(clock.now()));
      continue;
    }
    await ensureTransaction(context, {
      key: round,
      kind: "void",
      isDone: (account) => account?.status === "void",
      send: (onSigned) => ledger.voidRound(address, round.number, onSigned),
    });
  }
}

/**
 * Whether the chain had the round and counts it no more. The federation's account alone tells, so that nodes which lag behind each other
 * cannot mislead: to one that lags the round is open or not there yet.
 */
function hasDropped(onChain: LedgerFederation, { number }: RoundRow): boolean {
  return (
    number < onChain.nextRound &&
    number !== onChain.openRound &&
    number > onChain.finalRound &&
    !onChain.pendingRounds.includes(number)
  );
}

async function federationIfAnswered(
  context: Context,
  { address }: FederationRow,
): Promise<LedgerFederation | undefined> {
  try {
    return await context.ledger.federation(address);
  } catch (error) {
    if (error instanceof PlenaryError && error.code === "chain-unavailable") return undefined;
    throw error;
  }
}

async function makeVoid(
  context: Context,
  store: Store,
  first: RoundRow,
  round: RoundRow,
): Promise<void> {
  const reason =
    round.number === first.number
      ? "The chain made it void: a challenge was upheld, or it was not committed in time."
      : `It builds on round ${first.number}, which is void.`;
  await store.rounds.move(round, round.state, {
    state: "void",
    void_reason: round.void_reason ?? reason,
  });
  await store.transactions.plan(round, "void", BigInt(context.clock.now()));
}

function tipBelow(round: RoundRow) {
  return {
    last_committed_round: round.base_round,
    model_root: round.base_root,
    model_blob: round.base_blob,
    state_root: round.base_state_root,
    state_blob: round.base_state_blob,
    manifest_hash: round.previous_manifest,
  };
}

function baseOf({ base_root, base_blob, base_state_root, base_state_blob, ...round }: RoundRow) {
  const { previous_manifest, base_round } = round;
  return { base_root, base_blob, base_state_root, base_state_blob, previous_manifest, base_round };
}
