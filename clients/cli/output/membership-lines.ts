import { instant } from "@plenary/chain";
import type { MemberStatus, StakeRelease } from "@plenary/sdk";

/** A membership's key, payout account and exit, as `plenary status` prints them. */
export function membershipLines(member: MemberStatus): string[] {
  const { signingKey, signingKeySince, payout, payoutIsOwn, exit, stake } = member;
  const lines = [`  updates are signed with ${signingKey} since round ${signingKeySince}`];
  if (!payoutIsOwn) lines.push(`  pay goes to ${payout}`);
  if (exit !== null)
    lines.push(
      `  takes no part as of round ${exit.round}; ${stake === 0n ? "no stake is in escrow" : stakeLine(exit)}`,
    );
  return lines;
}

/** When a stake can be withdrawn. */
export function stakeLine({ freeAt, rounds }: StakeRelease): string {
  const settled = rounds.length === 0 ? "" : `, once rounds ${rounds.join(", ")} are final or void`;
  return `its stake is free from ${instant(freeAt)} on${settled}`;
}
