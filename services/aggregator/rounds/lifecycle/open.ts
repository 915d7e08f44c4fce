import { PlenaryError } from "@plenary/protocol";
import type { LedgerRound } from "../../chain/ledger.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { OpeningRound } from "../../store/rounds.ts";
import { syncMembers } from "../access/members.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import type { Progress } from "./progress.ts";

/** Opens a planned round on chain, and lets updates in. */
export async function openRound(
  context: Context,
  federation: FederationRow,
  round: OpeningRound,
): Promise<Progress> {
  const { ledger } = context;
  const { number, base } = round;
  const opened = await ensureTransaction(context, {
    key: round,
    kind: "open",
    isDone: (account) => account !== undefined,
    send: (onSigned) =>
      ledger.openRound(
        federation.address,
        {
          number,
          baseRoot: base.root,
          baseStateRoot: base.stateRoot,
          collectSeconds: federation.configuration.rounds.deadlineSeconds,
        },
        onSigned,
      ),
  });
  checkBase(round, opened);
  // A member that joined before the round opened takes part in it.
  await syncMembers(context, federation.address);
  await inTransaction(context, async (store) => {
    if (!(await store.rounds.open(round, opened))) return;
    await store.events.append({
      federation: federation.address,
      type: "round-opened",
      round: number,
      at: context.clock.now(),
    });
  });
  return "stepped";
}

/**
 * What the round was to build on may have become void in the meantime. Its model may be the very
 * one that stood before it, so the roots do not tell.
 */
function checkBase({ number, base }: OpeningRound, opened: LedgerRound): void {
  if (opened.baseRound === base.round) return;
  throw new PlenaryError(
    "round-inconsistent",
    `Round ${number} was opened on round ${opened.baseRound}, not on round ${base.round}, which is void: it will be moved.`,
    { here: base.round.toString(), chain: opened.baseRound.toString() },
  );
}
