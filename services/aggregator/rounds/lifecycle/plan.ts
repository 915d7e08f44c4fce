import { MAX_PENDING_ROUNDS } from "@plenary/chain";
import { equalBytes, PlenaryError, toBase58, toHex } from "@plenary/protocol";
import type { LedgerFederation } from "../../chain/ledger.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { Round } from "../../store/rounds.ts";
import { syncMembers } from "../access/members.ts";
import { type Context, inTransaction } from "../context.ts";
import { totalRoundsOf } from "../federations/extend.ts";
import type { Progress } from "./progress.ts";

/** Rounds by which the view of the chain may lag, at a node that is behind the others. */
const LAG_ROUNDS = 4;
/** Committed rounds that are not final. The program refuses to open a round above its own limit. */
const MOST_PENDING = MAX_PENDING_ROUNDS - LAG_ROUNDS;

/** Between rounds: writes the next round down if it is time for one. */
export async function planRound(
  context: Context,
  federation: FederationRow,
  newest: Round | undefined,
): Promise<Progress> {
  const total = totalRoundsOf(federation);
  if (total > 0 && federation.committed_rounds >= BigInt(total)) {
    await complete(context, federation);
    return "waiting";
  }
  const onChain = await readFederation(context, federation);
  if (onChain.paused || onChain.pendingRounds.length >= MOST_PENDING) return "waiting";
  checkTip(federation, onChain);
  const number = onChain.openRound === 0n ? onChain.nextRound : onChain.openRound;
  await syncMembers(context, federation.address);
  if (!(await hasEnoughMembers(context, federation, newest, number))) return "waiting";
  await insertRound(context, federation, number);
  return "stepped";
}

/**
 * Whether the quorum has joined, so that the first round does not start without members that are
 * about to join. After as long as a round lasts, the minimum is enough.
 */
async function hasEnoughMembers(
  context: Context,
  federation: FederationRow,
  newest: Round | undefined,
  number: bigint,
): Promise<boolean> {
  const { quorum, minimum, deadlineSeconds } = federation.configuration.rounds;
  const active = await context.store.members.countActive(federation.address, number);
  if (active >= quorum) return true;
  const waited = context.clock.now() - (newest?.createdAt ?? Number(federation.registered_at));
  // Below zero the clock has been set back, and nobody can tell how long it was.
  return active >= minimum && (waited < 0 || waited >= deadlineSeconds * 1_000);
}

async function insertRound(
  context: Context,
  federation: FederationRow,
  number: bigint,
): Promise<void> {
  const now = context.clock.now();
  const key = { federation: federation.address, number };
  await inTransaction(context, async (store) => {
    const version = await store.questionnaires.newest(federation.address);
    const inserted = await store.rounds.plan({
      ...key,
      address: context.ledger.roundAddress(federation.address, number),
      base: {
        round: federation.last_committed_round,
        root: federation.model_root,
        blob: federation.model_blob,
        stateRoot: federation.state_root,
        stateBlob: federation.state_blob,
        manifest: federation.manifest_hash,
      },
      questionnaire: version?.number ?? null,
      createdAt: now,
    });
    if (inserted) await store.transactions.plan(key, "open", BigInt(now));
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
    `The chain has no federation ${address}: check that this is the chain it was registered on.`,
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
    `The model of the chain's last committed round, ${onChain.lastCommittedRound}, differs from that of this service's round ${federation.last_committed_round}: the service's database is older than the chain.`,
    { here: toHex(federation.model_root), chain: toHex(onChain.lastModelRoot) },
  );
}
