import { instant } from "@plenary/chain";
import { decodeOwnerAdmission, fromBase64 } from "@plenary/protocol";
import {
  type AuthorityChange,
  acceptAuthority,
  admitOwner,
  closeRounds,
  createServiceClient,
  fundVault,
  grantTokens,
  pauseFederation,
  proposeAuthority,
  publicKey,
  resumeFederation,
  setServicePaused,
  type TermsChange,
  updateTerms,
  type VaultChange,
  withdrawVault,
} from "@plenary/sdk";
import { writeJson } from "../json-file.ts";
import { inTransaction } from "../output/index.ts";
import { chainConfigured, configuredKeypair, type Session } from "../session.ts";
import { type Tokens, tokensOf } from "../tokens.ts";
import { readAddress } from "../update-key.ts";

/** `plenary federation propose-authority ADDRESS`; `none` takes the offer back. */
export async function propose(session: Session, address: string): Promise<void> {
  const authority = await configuredKeypair(session);
  const proposed = address === "none" ? null : publicKey(address, "new authority");
  const change = await proposeAuthority(
    await chainConfigured(session),
    authority,
    proposed,
    session,
  );
  const offer =
    proposed === null
      ? "the authority is offered to nobody"
      : `the authority is offered to ${proposed.toBase58()}, which takes it with plenary federation accept-authority`;
  sayAuthority(session, "authority-proposed", offer, change);
}

/** `plenary federation accept-authority` */
export async function accept(session: Session): Promise<void> {
  const proposed = await configuredKeypair(session);
  const change = await acceptAuthority(await chainConfigured(session), proposed, session);
  sayAuthority(
    session,
    "authority-accepted",
    `the authority is ${change.authority.toBase58()}`,
    change,
  );
}

function sayAuthority(
  { output }: Session,
  event: string,
  text: string,
  change: AuthorityChange,
): void {
  const { authority, proposed, transaction } = change;
  output.say(event, `${text} (${inTransaction(transaction)})`, {
    authority: authority.toBase58(),
    proposed: proposed?.toBase58() ?? null,
    transaction,
  });
}

/** `plenary federation admit OWNER FILE`: signs, and sends nothing. */
export async function admit(
  session: Session,
  owner: string,
  file: string,
  { days }: { readonly days: number },
): Promise<void> {
  const onChain = await chainConfigured(session);
  const admission = await admitOwner(onChain, {
    authority: await configuredKeypair(session),
    owner: publicKey(owner, "member's owner"),
    validFor: Math.round(days * SECONDS_IN_A_DAY),
  });
  await writeJson(file, admission);
  const { validUntil } = decodeOwnerAdmission(fromBase64(admission.admission));
  session.output.say(
    "owner-admitted",
    `${file}: lets ${owner} join until ${instant(validUntil)}. Send it to the owner; it is not a secret.`,
    {
      file,
      owner,
      federation: onChain.address.toBase58(),
      validUntil,
    },
  );
}

const SECONDS_IN_A_DAY = 86_400;

/** `plenary federation pause` and `resume`: on chain, and at the service if there is one. */
export async function pause(session: Session, paused: boolean): Promise<void> {
  const { output, settings } = session;
  const authority = await configuredKeypair(session);
  const chain = await chainConfigured(session);
  const set = paused ? pauseFederation : resumeFederation;
  const { transaction } = await set(chain, authority, session);
  const [name, rounds] = paused
    ? ["paused", "no round opens and no one joins"]
    : ["resumed", "rounds open and members join"];
  output.say(`federation-${name}`, `${name} on chain: ${rounds} (${inTransaction(transaction)})`, {
    paused,
    transaction,
  });
  if (settings.service === undefined) return;
  const client = createServiceClient({ url: settings.service });
  const { status } = await setServicePaused({ ...chain, client }, authority, paused, session);
  output.say(`service-${name}`, `the service says: ${status}`, { status });
}

/** `plenary federation fund AMOUNT` */
export async function fund(session: Session, amount: string): Promise<void> {
  const funder = await configuredKeypair(session);
  const chain = await chainConfigured(session);
  const tokens = await tokensOf(chain);
  const change = await fundVault(chain, funder, tokens.units(amount), session);
  sayVault(session, "vault-funded", "into the vault", change, tokens);
}

/** `plenary federation grant OWNER AMOUNT` */
export async function grant(session: Session, owner: string, amount: string): Promise<void> {
  const minter = await configuredKeypair(session);
  const chain = await chainConfigured(session);
  const { text, units } = await tokensOf(chain);
  const key = await readAddress(owner, "member's owner");
  const granted = await grantTokens(chain, minter, key, units(amount), session);
  const { transaction } = granted;
  const account = granted.account.toBase58();
  const amounts = {
    amount: text(granted.amount),
    before: text(granted.before),
    after: text(granted.after),
  };
  session.output.say(
    "tokens-granted",
    `${amounts.amount} tokens for ${key.toBase58()} in transaction ${transaction}: ${account} held ${amounts.before} and holds ${amounts.after}`,
    { owner: key.toBase58(), account, ...amounts, transaction },
  );
}

/** `plenary federation withdraw [AMOUNT]` */
export async function withdraw(session: Session, amount: string | undefined): Promise<void> {
  const authority = await configuredKeypair(session);
  const chain = await chainConfigured(session);
  const tokens = await tokensOf(chain);
  const units = amount === undefined ? undefined : tokens.units(amount);
  const change = await withdrawVault(chain, authority, units, session);
  sayVault(session, "vault-withdrawn", "out of the vault", change, tokens);
}

function sayVault(
  { output }: Session,
  event: string,
  where: string,
  { transaction, ...change }: VaultChange,
  { text }: Tokens,
): void {
  const [amount, before] = [text(change.amount), text(change.before)];
  const [held, owed] = [text(change.held), text(change.owed)];
  const done = transaction === null ? "nothing was free" : `transaction ${transaction}`;
  const holds = `it held ${before} tokens, holds ${held} and owes ${owed}`;
  const fields = { amount, before, held, owed, transaction };
  output.say(event, `${amount} ${where} (${done}); ${holds}`, fields);
}

export interface TermsFlags extends Pick<TermsChange, "challengeWindow" | "exitCooldown"> {
  readonly members?: TermsChange["admission"];
  /** In tokens. */
  readonly stake?: string;
  readonly bond?: string;
  readonly aggregator?: string;
}

/** `plenary federation terms` */
export async function terms(session: Session, flags: TermsFlags): Promise<void> {
  const authority = await configuredKeypair(session);
  const { stake, bond, aggregator, members, challengeWindow, exitCooldown } = flags;
  const chain = await chainConfigured(session);
  const tokens = await tokensOf(chain);
  const change: TermsChange = {
    ...(aggregator !== undefined && { aggregator: publicKey(aggregator, "new aggregator") }),
    ...(members !== undefined && { admission: members }),
    ...(stake !== undefined && { minimumStake: tokens.units(stake) }),
    ...(bond !== undefined && { minimumBond: tokens.units(bond) }),
    ...(challengeWindow !== undefined && { challengeWindow }),
    ...(exitCooldown !== undefined && { exitCooldown }),
  };
  const updated = await updateTerms(chain, authority, change, session);
  const now = {
    ...updated.terms,
    aggregator: updated.terms.aggregator.toBase58(),
    minimumStake: tokens.text(updated.terms.minimumStake),
    minimumBond: tokens.text(updated.terms.minimumBond),
  };
  session.output.say(
    "terms-updated",
    `aggregator ${now.aggregator}, members ${now.admission}, stake ${now.minimumStake} tokens, bond ${now.minimumBond} tokens, challenge window ${now.challengeWindow} s, exit cooldown ${now.exitCooldown} s (${inTransaction(updated.transaction)})`,
    { ...now, transaction: updated.transaction },
  );
}

/** `plenary federation close-rounds BEFORE` */
export async function closeObsolete(session: Session, before: bigint): Promise<void> {
  const authority = await configuredKeypair(session);
  const { rounds, transactions } = await closeRounds(
    await chainConfigured(session),
    authority,
    before,
    session,
  );
  const text =
    rounds.length === 0
      ? `no round below ${before} is obsolete and open on chain`
      : `${rounds.length} rounds are closed, and their payer has the rent back: ${rounds.join(", ")}`;
  session.output.say("rounds-closed", text, { rounds, transactions });
}
