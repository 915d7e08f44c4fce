import { fromBase58, PlenaryError, toBase58 } from "@plenary/protocol";
import type { FederationRow } from "../store/federations.ts";
import { LARGEST_ROUND, type Round } from "../store/rounds.ts";
import type { Context } from "./context.ts";

/** The federation at a base58 address. Throws `not-found`. */
export async function findFederation(context: Context, address: string): Promise<FederationRow> {
  const federation = await context.store.federations.find(fromBase58(address));
  if (federation === undefined)
    throw new PlenaryError(
      "not-found",
      `This service does not aggregate the federation ${address}.`,
      {
        federation: address,
      },
    );
  return federation;
}

/** A round by its number or "current", the newest. Throws `not-found`. */
export async function findRound(
  context: Context,
  federation: Uint8Array,
  round: string,
): Promise<Round> {
  const { rounds } = context.store;
  const number = round === "current" ? undefined : BigInt(round);
  const found =
    number === undefined
      ? await rounds.newest(federation)
      : number > LARGEST_ROUND
        ? undefined
        : await rounds.find({ federation, number });
  if (found !== undefined) return found;
  const message =
    number === undefined
      ? "The federation has not opened a round yet: wait for the event round-opened."
      : `There is no round ${round} in this federation.`;
  throw new PlenaryError("not-found", message, { federation: toBase58(federation), round });
}
