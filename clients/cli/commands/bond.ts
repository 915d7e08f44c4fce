import { type BondChange, depositBond, withdrawBond } from "@plenary/sdk";
import { chainConfigured, configuredKeypair, type Session } from "../session.ts";

/** `plenary bond deposit [AMOUNT]` */
export async function deposit(session: Session, amount: bigint | undefined): Promise<void> {
  const aggregator = await configuredKeypair(session);
  const change = await depositBond(await chainConfigured(session), aggregator, amount, session);
  sayBond(session, "bond-deposited", `deposited ${change.amount}`, change);
}

/** `plenary bond withdraw [AMOUNT]` */
export async function withdraw(session: Session, amount: bigint | undefined): Promise<void> {
  const signer = await configuredKeypair(session);
  const change = await withdrawBond(await chainConfigured(session), signer, amount, session);
  sayBond(session, "bond-withdrawn", `withdrew ${change.amount}`, change);
}

function sayBond({ output }: Session, event: string, text: string, change: BondChange): void {
  const { before, bond, minimumBond, transaction } = change;
  const done = transaction === null ? "there was nothing to do" : `transaction ${transaction}`;
  const low = bond < minimumBond ? ": no round opens" : "";
  output.say(
    event,
    `${text} (${done}); the bond was ${before} and is ${bond}, the minimum is ${minimumBond}${low}`,
    {
      ...change,
    },
  );
}
