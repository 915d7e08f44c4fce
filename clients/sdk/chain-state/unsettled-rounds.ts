import { type Federation, instant, type Round, readRound, roundAddress } from "@plenary/chain";
import type { ChainAccess } from "./federation-account.ts";

/** Rounds that are neither final nor void, oldest first. */
export function unsettledRounds({ pending, openRound }: Federation): readonly bigint[] {
  return openRound === 0n ? pending : [...pending, openRound];
}

/** More would fill a screen. The newest round is the last to end. */
const MOST_NAMED = 3;

/** What unsettled rounds wait for at `now` (Unix seconds on the chain's clock), in words. */
export async function waitingRounds(
  { connection, program, address }: ChainAccess,
  numbers: readonly bigint[],
  now: bigint,
): Promise<string[]> {
  const named = numbers.slice(-MOST_NAMED).map(async (number) => {
    const round = await readRound(connection, roundAddress(program, address, number));
    return `round ${number} ${waitOf(round, now)}`;
  });
  const others = numbers.length - named.length;
  const rest = others === 0 ? [] : [`${others} older rounds are not final or void`];
  return [...rest, ...(await Promise.all(named))];
}

function waitOf(round: Round | null, now: bigint): string {
  if (round?.status === "open")
    return now > round.commitBy
      ? "was not committed in time and is to be voided"
      : `is open, and is committed or void by ${instant(round.commitBy)}`;
  if (round?.status !== "committed") return "is not final or void";
  if (round.openDisputes > 0) return "is disputed";
  return now < round.challengeEndsAt
    ? `can be challenged until ${instant(round.challengeEndsAt)}`
    : "waits to be made final";
}
