import { instant } from "@plenary/chain";
import type { DisputeView } from "@plenary/protocol";
import type { DisputeEvent } from "@plenary/sdk";

/** A dispute's progress, as a line for people. */
export function disputeLine(event: DisputeEvent): string {
  switch (event.type) {
    case "dispute-opened":
      return event.transaction === null
        ? `continues the dispute ${event.dispute}`
        : `opened the dispute ${event.dispute} of ${event.kind} ${event.index}, deposit ${event.deposit}`;
    case "dispute-step":
      return `dispute: ${event.step} given, ${event.leavesDone} of ${event.leaves} leaves folded`;
    case "dispute-waiting":
      return `dispute: the aggregator has until ${instant(event.until)} to answer`;
    case "dispute-retrying":
      return `${event.message} Trying again.`;
    case "dispute-resolved": {
      const { transactions, bytes, computeUnits, lamports } = event.costs;
      const cost = `${transactions} transactions, ${bytes} bytes, ${computeUnits} compute units, ${lamports} lamports`;
      return `${endOf(event)} It took ${cost}.`;
    }
  }
}

function endOf({
  verdict,
  fault,
  reward,
  toVault,
}: Extract<DisputeEvent, { type: "dispute-resolved" }>): string {
  switch (verdict) {
    case "upheld":
      return `the dispute is won (${fault}): the round is void, ${reward} of the bond is paid to the challenger and ${toVault} to the vault.`;
    case "rejected":
      return "the dispute is lost: the deposit joins the bond.";
    case "moot":
      return "the round was already void: the deposit is paid back.";
  }
}

/** The state of a dispute, as the service reports it. */
export function disputeStatusLine({
  kind,
  subject,
  challenger,
  deposit,
  state,
  demanded,
  ending,
}: DisputeView): string {
  const paid = deposit === null ? "" : `, deposit ${deposit}`;
  const dispute = `dispute of ${kind} ${subject} by ${challenger}${paid}`;
  if (ending !== null)
    return `${dispute}: ${ending.verdict}${ending.fault ? `, ${ending.fault.text}` : ""}`;
  if (state === "ended") return `${dispute}: ended; the service does not know how`;
  if (demanded === null) return `${dispute}: open, nothing is demanded`;
  return `${dispute}: open, the aggregator has until ${new Date(demanded.until).toISOString()} to show ${demanded.piece}`;
}
