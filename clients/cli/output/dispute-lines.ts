import { instant } from "@plenary/chain";
import type { DisputeView } from "@plenary/protocol";
import type { DisputeEvent } from "@plenary/sdk";
import type { Tokens } from "../tokens.ts";

/** A dispute's fields for programs: amounts in tokens. */
export function disputeFields(
  { type: _, ...fields }: DisputeEvent,
  { text }: Tokens,
): Readonly<Record<string, unknown>> {
  const amounts = Object.entries(fields).map(([name, value]) =>
    AMOUNTS.has(name) && typeof value === "bigint" ? [name, text(value)] : [name, value],
  );
  return Object.fromEntries(amounts);
}

const AMOUNTS: ReadonlySet<string> = new Set(["deposit", "reward", "toVault"]);

/** A dispute's progress, as a line for people. */
export function disputeLine(event: DisputeEvent, tokens: Tokens): string {
  switch (event.type) {
    case "dispute-opened":
      return event.transaction === null
        ? `continues the dispute ${event.dispute}`
        : `opened the dispute ${event.dispute} of ${event.kind} ${event.index}, deposit ${tokens.text(event.deposit)} tokens`;
    case "dispute-step":
      return `dispute: ${event.step} given, ${event.leavesDone} of ${event.leaves} leaves folded`;
    case "dispute-waiting":
      return `dispute: the aggregator has until ${instant(event.until)} to answer`;
    case "dispute-retrying":
      return `${event.message} Trying again.`;
    case "dispute-resolved": {
      const { transactions, bytes, computeUnits, lamports } = event.costs;
      const cost = `${transactions} transactions, ${bytes} bytes, ${computeUnits} compute units, ${lamports} lamports`;
      return `${endOf(event, tokens)} It took ${cost}.`;
    }
  }
}

function endOf(
  { verdict, fault, reward, toVault }: Extract<DisputeEvent, { type: "dispute-resolved" }>,
  { text }: Tokens,
): string {
  switch (verdict) {
    case "upheld":
      return `the dispute is won (${fault}): the round is void, ${text(reward)} tokens of the bond are paid to the challenger and ${text(toVault)} to the vault.`;
    case "rejected":
      return "the dispute is lost: the deposit joins the bond.";
    case "moot":
      return "the round was already void: the deposit is paid back.";
  }
}

/** The state of a dispute, as the service reports it. */
export function disputeStatusLine(
  { kind, subject, challenger, deposit, state, demanded, ending }: DisputeView,
  { text }: Tokens,
): string {
  const paid = deposit === null ? "" : `, deposit ${text(BigInt(deposit))} tokens`;
  const dispute = `dispute of ${kind} ${subject} by ${challenger}${paid}`;
  if (ending !== null)
    return `${dispute}: ${ending.verdict}${ending.fault ? `, ${ending.fault.text}` : ""}`;
  if (state === "ended") return `${dispute}: ended; the service does not know how`;
  if (demanded === null) return `${dispute}: open, nothing is demanded`;
  return `${dispute}: open, the aggregator has until ${new Date(demanded.until).toISOString()} to show ${demanded.piece}`;
}
