import type { PublishedUpdate } from "@plenary/algorithms";
import { isMemberIn, type Round, readMember, unreachable, updateKeyAt } from "@plenary/chain";
import { toBase58 } from "@plenary/protocol";
import { type Connection, PublicKey } from "@solana/web3.js";
import { Refuted } from "./refuted.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Checks that every update is by a member of that round, signed by the member's key of that time. A
 * member's account keeps its present key and the one before. Returns how many updates were signed
 * by an older key, or by a member whose account is closed. Throws Refuted.
 */
export async function checkSigningKeys(
  { connection }: Verifier,
  updates: readonly PublishedUpdate[],
  { number }: Pick<Round, "number">,
): Promise<number> {
  let unchecked = 0;
  for (const [index, { leaf, signingKey }] of updates.entries()) {
    const member = new PublicKey(leaf.member);
    const account = await readMember(connection, member);
    if (account === null) {
      if (!(await wasEver(connection, member)))
        throw new Refuted({
          kind: "leaf",
          index,
          text: `leaf ${index} is of ${member.toBase58()}, which was never a member: no transaction has touched that account`,
        });
      unchecked += 1;
      continue;
    }
    const by = toBase58(signingKey);
    if (!isMemberIn(account, number))
      throw new Refuted({
        kind: "leaf",
        index,
        text: `leaf ${index} is of ${member.toBase58()}, which was not a member in round ${number}`,
      });
    const expected = updateKeyAt(account, number).toBase58();
    if (expected === by) continue;
    if (number < account.keySinceRound) unchecked += 1;
    else
      throw new Refuted({
        kind: "leaf",
        index,
        text: `leaf ${index} of member ${member.toBase58()} is signed by ${by}; the member's key in round ${number} was ${expected}`,
      });
  }
  return unchecked;
}

/** Whether an account that does not exist was closed: an invented address has no transactions. */
async function wasEver(connection: Connection, account: PublicKey): Promise<boolean> {
  const found = await connection
    .getSignaturesForAddress(account, { limit: 1 }, "confirmed")
    .catch(unreachable(connection));
  return found.length > 0;
}
