import { PlenaryError, toHex } from "@plenary/protocol";
import type { LedgerAnswer, LedgerDispute, LedgerEnding } from "../../chain/ledger.ts";

/** A dispute that is over, and how it ended. */
type EndedDispute = LedgerDispute & { readonly ending: LedgerEnding };

/** The disputes of a chain in memory, by their federation. */
export class MemoryDisputes {
  readonly #open = new Map<string, LedgerDispute[]>();
  readonly #ended: EndedDispute[] = [];

  async ofFederation(federation: Uint8Array): Promise<LedgerDispute[]> {
    return [...(this.#open.get(toHex(federation)) ?? [])];
  }

  isAnyOpen(federation: Uint8Array): boolean {
    return (this.#open.get(toHex(federation)) ?? []).length > 0;
  }

  /** Replaces the dispute with the same address. */
  set(federation: Uint8Array, dispute: LedgerDispute): void {
    this.remove(federation, dispute.address);
    this.#open.get(toHex(federation))?.push(dispute);
  }

  remove(federation: Uint8Array, address: Uint8Array): void {
    const open = this.#open.get(toHex(federation)) ?? [];
    const others = open.filter((dispute) => toHex(dispute.address) !== toHex(address));
    this.#open.set(toHex(federation), others);
  }

  /** Throws `transaction-failed` if nothing is demanded, or if it is too late. */
  answer(federation: Uint8Array, address: Uint8Array, answer: LedgerAnswer, now: number): void {
    const open = this.#open.get(toHex(federation)) ?? [];
    const dispute = open.find((found) => toHex(found.address) === toHex(address));
    if (dispute === undefined || dispute.demandedUntil === null || now > dispute.demandedUntil)
      throw new PlenaryError("transaction-failed", "Nothing is demanded, or it is too late.");
    const provenRight = answer.kind === "envelope" ? "aggregator" : dispute.provenRight;
    this.set(federation, { ...dispute, demandedUntil: null, provenRight });
  }

  end(dispute: LedgerDispute, ending: LedgerEnding): void {
    this.#ended.push({ ...dispute, ending });
  }

  endingOf(address: Uint8Array, openedAt: number): LedgerEnding | null {
    const found = this.#ended.find(
      (dispute) => toHex(dispute.address) === toHex(address) && dispute.openedAt === openedAt,
    );
    return found?.ending ?? null;
  }

  endedOf(round: Uint8Array): EndedDispute[] {
    return this.#ended.filter((dispute) => toHex(dispute.round) === toHex(round));
  }
}

/** Whether a challenger has lost. Rounds are right here: folding everything finds no fault. */
export function isLost(dispute: LedgerDispute, now: number): boolean {
  const { missing, provenRight, demandedUntil, expiresAt } = dispute;
  const isComplete = missing === null && provenRight === null && demandedUntil === null;
  return isComplete || provenRight === "aggregator" || now > expiresAt;
}

export function verdictOf(
  { provenRight, demandedUntil }: LedgerDispute,
  now: number,
): Pick<LedgerEnding, "verdict" | "fault"> {
  if (provenRight === "challenger") return { verdict: "upheld", fault: "wrong-chunk" };
  if (demandedUntil !== null && now > demandedUntil)
    return { verdict: "upheld", fault: "demand-unanswered" };
  return { verdict: "rejected", fault: null };
}
