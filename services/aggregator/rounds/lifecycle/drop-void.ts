import { PlenaryError, type RoundState } from "@plenary/protocol";
import type { LedgerFederation } from "../../chain/ledger.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { Store } from "../../store/index.ts";
import type { Round } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { noteMissedDisputes } from "../disputes/missed.ts";
import type { RunningSums } from "../updates/running-sums.ts";

/** A commit may have landed, and been challenged, before the service wrote it down. */
const CAN_BE_DISPUTED: readonly RoundState[] = ["committing", "committed"];

/**
 * Follows the chain where it has dropped rounds: a round that a fraud proof made void, one that
 * somebody voided because it was late, and all that build on them. In one transaction they become
 * void and the federation returns to where it stood before them. A round that was planned but is
 * not on chain yet moves to that base. Returns whether anything was dropped. While the chain does
 * not answer, nothing is known and nothing is done.
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
      if (!dropped.includes(round)) await store.rounds.rebase(round, first.base);
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
    { first: first.number.toString(), rounds: above.length, base: first.base.round.toString() },
    "the chain has dropped rounds: continuing from what they were built on",
  );
  return true;
}

/**
 * Makes the accounts of dropped rounds void on chain: everybody sees it, and their rent is free.
 */
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
 * Whether the chain had the round and no longer counts it. Only the federation's account is read:
 * nodes that lag behind each other cannot mislead, because to a node that lags the round is open or
 * not there yet.
 */
function hasDropped(onChain: LedgerFederation, { number }: Round): boolean {
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

async function makeVoid(context: Context, store: Store, first: Round, round: Round): Promise<void> {
  const reason =
    round.number === first.number
      ? "The chain made it void: a challenge was upheld, or it was not committed in time."
      : `It builds on round ${first.number}, which is void.`;
  await store.rounds.makeVoid(round, round.state, round.voidReason ?? reason);
  await store.transactions.plan(round, "void", BigInt(context.clock.now()));
}

function tipBelow({ base }: Round) {
  return {
    last_committed_round: base.round,
    model_root: base.root,
    model_blob: base.blob,
    state_root: base.stateRoot,
    state_blob: base.stateBlob,
    manifest_hash: base.manifest,
  };
}
