import { compareBytes, encodeRewardLeaf, leafHash } from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";

/** What one member has earned since the federation began. */
export interface Earned {
  readonly member: PublicKey;
  readonly cumulative: bigint;
}

/** In the order of the rewards tree. */
export function sorted(earned: readonly Earned[]): Earned[] {
  return [...earned].sort((left, right) =>
    compareBytes(left.member.toBytes(), right.member.toBytes()),
  );
}

/** The hashes of the rewards tree's leaves, in its order. */
export function rewardHashes(earned: readonly Earned[]): Uint8Array[] {
  return sorted(earned).map(({ member, cumulative }) =>
    leafHash(encodeRewardLeaf({ member: member.toBytes(), cumulative })),
  );
}
