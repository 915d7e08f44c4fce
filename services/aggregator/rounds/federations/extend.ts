import { PlenaryError } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import { requireAuthority } from "../access/authority.ts";
import { type Context, inTransaction } from "../context.ts";
import { findFederation } from "../lookup.ts";

/** Rounds after which a federation is complete; 0 for one without an end. */
export function totalRoundsOf({
  total_rounds,
  configuration,
}: Pick<FederationRow, "total_rounds" | "configuration">): number {
  return total_rounds === null ? configuration.rounds.total : Number(total_rounds);
}

/**
 * Lets rounds follow up to a number in all, which its members' configuration leaves to the
 * authority. `requester` has signed the request. Repeating it changes nothing. Throws `not-found`,
 * `not-authority`, and `conflict` for a federation without an end or for fewer rounds than it has.
 */
export async function extendFederation(
  context: Context,
  requester: Uint8Array,
  address: string,
  totalRounds: number,
): Promise<FederationRow> {
  const federation = await findFederation(context, address);
  await requireAuthority(context, federation, requester);
  const present = totalRoundsOf(federation);
  if (present === 0)
    throw new PlenaryError(
      "conflict",
      "This federation has no last round: there is nothing to extend.",
      { federation: address },
    );
  if (totalRounds < present)
    throw new PlenaryError(
      "conflict",
      `This federation has ${present} rounds, and they cannot become fewer: name a larger number, or pause it.`,
      { federation: address, present, asked: totalRounds },
    );
  if (totalRounds > present) {
    await inTransaction(context, async (store) => {
      await store.federations.extend(federation.address, BigInt(totalRounds));
      await store.events.append({
        federation: federation.address,
        type: "federation-changed",
        at: context.clock.now(),
      });
    });
    await context.scheduler.advance(federation.address);
  }
  return findFederation(context, address);
}
