import {
  auditPath,
  encodeRewardLeaf,
  equalBytes,
  fromBase58,
  leafHash,
  PlenaryError,
  type RewardView,
  toHex,
} from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Context } from "../context.ts";

/**
 * A member's reward in the last final round, with its proof. Throws `not-found`, saying why there
 * is none.
 */
export async function viewReward(
  { store }: Context,
  federation: FederationRow,
  member: string,
): Promise<RewardView> {
  const round = await store.rounds.lastFinal(federation.address);
  if (round === undefined)
    throw new PlenaryError(
      "not-found",
      "No round of this federation is final yet: rewards can be claimed after the challenge window.",
      { member },
    );
  const address = fromBase58(member);
  const leaves = await store.rewards.ofRound(round);
  const index = leaves.findIndex((leaf) => equalBytes(leaf.member, address));
  const leaf = leaves[index];
  if (leaf === undefined)
    throw new PlenaryError(
      "not-found",
      `${member} has earned nothing up to the last final round, ${round.number}.`,
      { member },
    );
  const hashes = leaves.map(({ member, cumulative }) =>
    leafHash(encodeRewardLeaf({ member, cumulative })),
  );
  return {
    member,
    round: round.number.toString(),
    rewardsRoot: toHex(round.computed.commitment.rewardsRoot),
    cumulative: leaf.cumulative.toString(),
    index,
    size: leaves.length,
    path: auditPath(hashes, index).map(toHex),
  };
}
