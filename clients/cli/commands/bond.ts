import { type BondChange, depositBond, withdrawBond } from "@plenary/sdk";
import { chainConfigured, configuredKeypair, type Session } from "../session.ts";
import { tokensOf } from "../tokens.ts";

type MoveBond = typeof depositBond;

/** `plenary bond deposit [AMOUNT]` */
export function deposit(session: Session, amount: string | undefined): Promise<void> {
  return move(session, amount, depositBond, "bond-deposited", "deposited");
}

/** `plenary bond withdraw [AMOUNT]` */
export function withdraw(session: Session, amount: string | undefined): Promise<void> {
  return move(session, amount, withdrawBond, "bond-withdrawn", "withdrew");
}

async function move(
  session: Session,
  amount: string | undefined,
  moveBond: MoveBond,
  event: string,
  done: string,
): Promise<void> {
  const signer = await configuredKeypair(session);
  const chain = await chainConfigured(session);
  const { text, units } = await tokensOf(chain);
  const wanted = amount === undefined ? undefined : units(amount);
  const change = await moveBond(chain, signer, wanted, session);
  const moved = text(change.amount);
  const fields = { ...inText(change, text), amount: moved };
  session.output.say(event, `${done} ${moved} tokens ${changeText(change, text)}`, fields);
}

function changeText(change: BondChange, text: (units: bigint) => string): string {
  const { before, bond, minimumBond, transaction } = change;
  const done = transaction === null ? "there was nothing to do" : `transaction ${transaction}`;
  const low = bond < minimumBond ? ": no round opens" : "";
  return `(${done}); the bond was ${text(before)} and is ${text(bond)}, the minimum is ${text(minimumBond)}${low}`;
}

function inText(
  { before, bond, minimumBond, transaction }: BondChange,
  text: (units: bigint) => string,
) {
  return {
    before: text(before),
    bond: text(bond),
    minimumBond: text(minimumBond),
    transaction,
  };
}
