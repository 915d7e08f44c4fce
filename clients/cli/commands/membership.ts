import {
  announceMember,
  closeMember,
  leaveFederation,
  publicKey,
  rotateUpdateKey,
  setPayout,
  withdrawStake,
} from "@plenary/sdk";
import { inTransaction, stakeLine } from "../output/index.ts";
import { accessConfigured, chainConfigured, configuredKeypair, type Session } from "../session.ts";
import { tokensOf } from "../tokens.ts";
import { readUpdateKey } from "../update-key.ts";

/** `plenary leave` */
export async function leave(session: Session): Promise<void> {
  const owner = await configuredKeypair(session);
  const chain = await chainConfigured(session);
  const left = await leaveFederation(chain, owner, session);
  const { exitRound, stake, freeAt, rounds, transaction } = left;
  const { text } = await tokensOf(chain);
  const when = transaction === null ? "left before" : `left in transaction ${transaction}`;
  const rest = stake === 0n ? "no stake is in escrow" : `${stakeLine(left)}: plenary withdraw`;
  session.output.say("left", `${when}: takes no part as of round ${exitRound}; ${rest}`, {
    member: left.member.toBase58(),
    exitRound,
    stake: text(stake),
    freeAt,
    rounds,
    transaction,
  });
}

/** `plenary withdraw` */
export async function withdraw(session: Session): Promise<void> {
  const owner = await configuredKeypair(session);
  const chain = await chainConfigured(session);
  const withdrawal = await withdrawStake(chain, owner, session);
  const { transaction, slashed } = withdrawal;
  const { text } = await tokensOf(chain);
  const amount = text(withdrawal.amount);
  const [before, after] = [text(withdrawal.before), text(withdrawal.after)];
  const destination = withdrawal.destination.toBase58();
  const nothing = slashed
    ? "nothing to withdraw: the stake was taken, because two updates with one sequence were signed"
    : "nothing to withdraw: no stake is in escrow";
  session.output.say(
    "withdrawn",
    transaction === null
      ? nothing
      : `withdrew ${amount} tokens in transaction ${transaction}: ${destination} held ${before} and holds ${after}`,
    { amount, destination, before, after, slashed, transaction },
  );
}

/** `plenary close-member` */
export async function close(session: Session): Promise<void> {
  const owner = await configuredKeypair(session);
  const closed = await closeMember(await chainConfigured(session), owner, session);
  const { transaction } = closed;
  const member = closed.member.toBase58();
  const rentPayer = closed.rentPayer?.toBase58() ?? null;
  session.output.say(
    "member-closed",
    transaction === null
      ? `there is no account ${member}`
      : `closed ${member} in transaction ${transaction}; its rent is back at ${rentPayer}`,
    { member, rentPayer, transaction },
  );
}

/** `plenary rotate-key FILE|ADDRESS` */
export async function rotateKey(session: Session, key: string): Promise<void> {
  const { settings, output, signal } = session;
  const owner = await configuredKeypair(session);
  const updateKey = await readUpdateKey(key);
  const rotated = await rotateUpdateKey(await chainConfigured(session), owner, updateKey, {
    signal,
  });
  // Best effort: the service learns of the key when the next round opens, if not before.
  if (settings.service !== undefined)
    await accessConfigured(session)
      .then((access) => announceMember(access, owner.publicKey, signal))
      .catch(() => signal.throwIfAborted());
  const { sinceRound, transaction } = rotated;
  output.say(
    "key-rotated",
    `${updateKey.toBase58()} signs updates as of round ${sinceRound}; the key before signs earlier rounds (${inTransaction(transaction)})`,
    { member: rotated.member.toBase58(), updateKey: updateKey.toBase58(), sinceRound, transaction },
  );
}

/** `plenary payout [ACCOUNT]` */
export async function payout(session: Session, account: string | undefined): Promise<void> {
  const owner = await configuredKeypair(session);
  const wanted = account === undefined ? undefined : publicKey(account, "token account");
  const set = await setPayout(await chainConfigured(session), owner, wanted, session);
  const { transaction } = set;
  const [address, beneficiary] = [set.payout.toBase58(), set.beneficiary.toBase58()];
  session.output.say(
    "payout-set",
    `pay goes to ${address}, whose owner is ${beneficiary} (${inTransaction(transaction)})`,
    {
      member: set.member.toBase58(),
      payout: address,
      beneficiary,
      transaction,
    },
  );
}
