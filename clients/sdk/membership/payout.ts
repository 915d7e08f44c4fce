import {
  type Federation,
  payoutUpdate,
  readTokenAccount,
  requireLamports,
  sendTransaction,
  tokenAccountAddress,
  tokenAccountCreate,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Connection, Keypair, PublicKey } from "@solana/web3.js";
import {
  type ChainAccess,
  type ChainOptions,
  lengthsToMake,
  rewardTokensOf,
} from "../chain-state/index.ts";
import { readMembership } from "./member-account.ts";

/** The account that a member's rewards are paid to. */
export interface PayoutSet {
  readonly member: PublicKey;
  /** The token account that claims are paid to from now on. */
  readonly payout: PublicKey;
  /** The owner of that account. */
  readonly beneficiary: PublicKey;
  /** Null if it was the payout account already. */
  readonly transaction: string | null;
}

/**
 * Names the token account that a member's pay goes to, which anyone may own. By default it is the
 * owner's associated token account, which is made if it does not exist. Pay that is earned and not
 * claimed goes there too. Safe to repeat. Throws `invalid-input` unless it is a token account of
 * the reward mint that can receive; `member-unknown`, `insufficient-funds`, `transaction-failed`
 * and `transaction-unknown`.
 */
export async function setPayout(
  context: ChainAccess,
  owner: Keypair,
  account?: PublicKey,
  { signal }: ChainOptions = {},
): Promise<PayoutSet> {
  const { connection, program, address } = context;
  const { member, federation } = await readMembership(context, owner.publicKey);
  const { rewardMint: mint } = federation;
  const key = owner.publicKey;
  const { tokenProgram, account: own } = await rewardTokensOf(connection, federation, key);
  const payout = account ?? own;
  const beneficiary = payout.equals(own)
    ? key
    : await ownerOfPayout(connection, federation, payout, tokenProgram);
  const result = { member: member.address, payout, beneficiary };
  if (member.payout.equals(payout)) return { ...result, transaction: null };
  const accounts = payout.equals(own) ? await lengthsToMake(connection, own) : [];
  await requireLamports(connection, key, { signatures: 1, accounts });
  const instructions = [
    ...(payout.equals(own)
      ? tokenAccountCreate({ payer: key, mint, owner: key, tokenProgram })
      : []),
    ...payoutUpdate(program, { federation: address, owner: key, payout }),
  ];
  const transaction = await sendTransaction(connection, instructions, [owner], { signal });
  return { ...result, transaction };
}

/**
 * Checked before anything is sent: an account that cannot receive would hold up the pay, and the
 * chain does not say what is wrong with it.
 */
async function ownerOfPayout(
  connection: Connection,
  { rewardMint, vault, escrow }: Federation,
  payout: PublicKey,
  tokenProgram: PublicKey,
): Promise<PublicKey> {
  const address = payout.toBase58();
  const refuse = (problem: string) =>
    new PlenaryError("invalid-input", problem, { payout: address });
  const account = await readTokenAccount(connection, payout);
  if (account === null) {
    const tokens = tokenAccountAddress(rewardMint, payout, tokenProgram).toBase58();
    throw refuse(
      `${address} is not a token account. If it is a wallet, its account of the reward token is ${tokens}, which must exist.`,
    );
  }
  if (!account.mint.equals(rewardMint))
    throw refuse(
      `${address} holds tokens of the mint ${account.mint.toBase58()}; this federation pays in ${rewardMint.toBase58()}.`,
    );
  if (payout.equals(vault) || payout.equals(escrow))
    throw refuse(`${address} is the federation's own account: name one of yours.`);
  if (account.frozen)
    throw refuse(
      `${address} is frozen and could receive nothing: have it thawed, or name another.`,
    );
  return account.owner;
}
