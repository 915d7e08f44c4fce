import { equalBytes, PlenaryError, toBase58, toHex } from "@plenary/protocol";
import type { LedgerFederation, LedgerRound } from "../../chain/ledger.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { RoundRow } from "../../store/rounds.ts";
import { syncMembers } from "../access/members.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { CONTINUE, type Progress, waitFor } from "./progress.ts";

/** The program keeps at most 64 committed rounds that are not final. */
const MOST_PENDING = 60;
const WAIT_MILLISECONDS = 1_000;

/** Between rounds: writes the next round down if it is time for one. */
export async function planRound(
  context: Context,
  federation: FederationRow,
  newest: RoundRow | undefined,
): Promise<Progress> {
  const { total } = federation.configuration.rounds;
  if (total > 0 && federation.committed_rounds >= BigInt(total)) {
    await complete(context, federation);
    return waitFor(null);
  }
  const onChain = await readFederation(context, federation);
  if (onChain.paused || onChain.pendingRounds.length >= MOST_PENDING)
    return waitFor(WAIT_MILLISECONDS);
  checkTip(federation, onChain);
  const number = onChain.openRound === 0n ? onChain.nextRound : onChain.openRound;
  await syncMembers(context, federation.address);
  if (!(await hasEnoughMembers(context, federation, newest, number)))
    return waitFor(WAIT_MILLISECONDS);
  await insertRound(context, federation, number);
  return CONTINUE;
}

/** Opens a round that was written down, on chain, and lets updates in. */
export async function openRound(
  context: Context,
  federation: FederationRow,
  round: RoundRow,
): Promise<Progress> {
  const { ledger } = context;
  const opened = await ensureTransaction(context, {
    key: round,
    kind: "open",
    isDone: (account) => account !== undefined,
    send: (onSigned) =>
      ledger.openRound(
        federation.address,
        {
          number: round.number,
          baseRoot: round.base_root,
          baseStateRoot: round.base_state_root,
          collectSeconds: federation.configuration.rounds.deadlineSeconds,
        },
        onSigned,
      ),
  });
  checkBase(round, opened);
  // Whoever joined before the round opened takes part in it.
  await syncMembers(context, federation.address);
  await inTransaction(context, async (store) => {
    if (!(await store.rounds.move(round, "opening", openedColumns(opened)))) return;
    await store.events.append({
      federation: federation.address,
      type: "round-opened",
      round: round.number,
      at: context.clock.now(),
    });
  });
  return CONTINUE;
}

/** What the round was to build on may have become void meanwhile, and its model may be the very one that stood before it. */
function checkBase(round: RoundRow, opened: LedgerRound): void {
  if (opened.baseRound === round.base_round) return;
  throw new PlenaryError(
    "round-inconsistent",
    `Round ${round.number} was opened on round ${opened.baseRound}, not on round ${round.base_round}, which is void: it will be moved.`,
    { here: round.base_round.toString(), chain: opened.baseRound.toString() },
  );
}

function openedColumns(opened: LedgerRound) {
  return {
    state: "collecting" as const,
    slot_hash: opened.slotHash,
    opened_at: BigInt(opened.openedAt),
    deadline_at: BigInt(opened.deadlineAt),
    commit_by: BigInt(opened.commitBy),
  };
}

/**
 * The quorum, so that the first round does not begin without those who are just joining; after as long as a round lasts, the minimum will
 * do.
 */
async function hasEnoughMembers(
  context: Context,
  federation: FederationRow,
  newest: RoundRow | undefined,
  number: bigint,
): Promise<boolean> {
  const { quorum, minimum, deadlineSeconds } = federation.configuration.rounds;
  const active = await context.store.members.countActive(federation.address, number);
  if (active >= quorum) return true;
  const waited = context.clock.now() - Number(newest?.created_at ?? federation.registered_at);
  // Below zero the clock has been set back, and how long it was cannot be told.
  return active >= minimum && (waited < 0 || waited >= deadlineSeconds * 1_000);
}

async function insertRound(
  context: Context,
  federation: FederationRow,
  number: bigint,
): Promise<void> {
  const now = BigInt(context.clock.now());
  await inTransaction(context, async (store) => {
    const inserted = await store.rounds.insert({
      federation: federation.address,
      number,
      address: context.ledger.roundAddress(federation.address, number),
      state: "opening",
      base_root: federation.model_root,
      base_blob: federation.model_blob,
      base_state_root: federation.state_root,
      base_state_blob: federation.state_blob,
      previous_manifest: federation.manifest_hash,
      base_round: federation.last_committed_round,
      created_at: now,
    });
    if (inserted)
      await store.transactions.plan({ federation: federation.address, number }, "open", now);
  });
}

async function complete(context: Context, federation: FederationRow): Promise<void> {
  await inTransaction(context, async (store) => {
    await store.federations.setStatus(federation.address, "complete");
    await store.events.append({
      federation: federation.address,
      type: "federation-changed",
      at: context.clock.now(),
    });
  });
}

async function readFederation(
  context: Context,
  federation: FederationRow,
): Promise<LedgerFederation> {
  const onChain = await context.ledger.federation(federation.address);
  if (onChain !== undefined) return onChain;
  const address = toBase58(federation.address);
  throw new PlenaryError(
    "round-inconsistent",
    `The chain has no federation ${address}: is this the chain that it was registered on?`,
    { federation: address },
  );
}

/** What the service would build on must be what the chain will accept. */
function checkTip(federation: FederationRow, onChain: LedgerFederation): void {
  if (
    equalBytes(federation.model_root, onChain.lastModelRoot) &&
    equalBytes(federation.state_root, onChain.lastStateRoot)
  )
    return;
  throw new PlenaryError(
    "round-inconsistent",
    `The chain's last committed round is ${onChain.lastCommittedRound} with another model than this service's round ${federation.last_committed_round}: its database is older than the chain.`,
    { here: toHex(federation.model_root), chain: toHex(onChain.lastModelRoot) },
  );
}
