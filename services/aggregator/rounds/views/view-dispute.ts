import { FAULT_TEXTS, FAULTS } from "@plenary/chain";
import { type DisputeView, toBase58 } from "@plenary/protocol";
import type { DisputeRow } from "../../store/disputes.ts";

/** A dispute in the form that the endpoints answer with. */
export function viewDispute(row: DisputeRow): DisputeView {
  const { demanded, demanded_until: until } = row;
  return {
    address: toBase58(row.address),
    kind: row.kind,
    subject: Number(row.subject),
    challenger: toBase58(row.challenger),
    deposit: row.deposit?.toString() ?? null,
    openedAt: Number(row.opened_at),
    state: row.state,
    demanded:
      demanded === null || until === null ? null : { piece: demanded, until: Number(until) },
    ending: viewEnding(row),
  };
}

function viewEnding({ verdict, fault, ended_in: transaction }: DisputeRow): DisputeView["ending"] {
  if (verdict === null || transaction === null) return null;
  const name = FAULTS.find((known) => known === fault);
  return {
    verdict,
    fault: name === undefined ? null : { name, text: FAULT_TEXTS[name] },
    transaction,
  };
}
