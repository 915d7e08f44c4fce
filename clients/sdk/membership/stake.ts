import {
  type Federation,
  instant,
  type Member,
  memberWithdraw,
  readChainTime,
  requireLamports,
  sendTransaction,
  tokenAccountCreate,
  tokensText,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Keypair, PublicKey } from "@solana/web3.js";
import {
  type ChainAccess,
  type ChainOptions,
  lengthsToMake,
  readChanged,
  rewardTokensOf,
  settleRounds,
  tokenBalance,
  unsettledRounds,
  waitingRounds,
} from "../chain-state/index.ts";
import type { Remedy } from "../remedy.ts";
import { readMembership } from "./member-account.ts";

/** What keeps the stake of a member that has left in escrow. */
export interface StakeRelease {
  /** The end of the cooldown in Unix seconds, by the chain's clock. */
  readonly freeAt: bigint;
  /** Rounds before its exit that can still be challenged, oldest first. They must end first. */
  readonly rounds: readonly bigint[];
}

/** Null for a member that has not left. */
export function stakeRelease(member: Member, federation: Federation): StakeRelease | null {
  if (member.exitRequestedAt === 0n) return null;
  return {
    freeAt: member.exitRequestedAt + BigInt(federation.exitCooldown),
    rounds: unsettledRounds(federation).filter((number) => number < member.exitRound),
  };
}

/** What of a stake was paid back, and to which account. */
export interface Withdrawal {
  /** In base units; 0 if there is no stake any more. */
  readonly amount: bigint;
  /** The owner's associated token account. */
  readonly destination: PublicKey;
  /** What that account held before, and what it holds now. */
  readonly before: bigint;
  readonly after: bigint;
  /** Null if there was nothing to withdraw. */
  readonly transaction: string | null;
  /** Whether the stake was taken because the member signed two updates with one sequence. */
  readonly slashed: boolean;
}

/**
 * Pays the stake of a member that has left into its owner's token account, which is made if it does
 * not exist. Finalizes rounds that only wait for somebody to do so. Safe to repeat. Throws
 * `conflict` if the member has not left, or with the end of the cooldown and the rounds that can
 * still be challenged; `member-unknown`, `insufficient-funds`, `transaction-failed` and
 * `transaction-unknown`.
 */
export async function withdrawStake(
  context: ChainAccess,
  owner: Keypair,
  { signal }: ChainOptions = {},
): Promise<Withdrawal> {
  const { connection, program, address: federation } = context;
  const { member, federation: account } = await readMembership(context, owner.publicKey);
  const { rewardMint } = account;
  const release = stakeRelease(member, account);
  const tokens = await rewardTokensOf(connection, account, owner.publicKey);
  const { tokenProgram, account: destination, decimals } = tokens;
  const stakeText = `${tokensText(member.stake, decimals)} tokens`;
  if (release === null) throw stillMember(member, stakeText);
  const before = await tokenBalance(connection, destination);
  const result = { destination, before };
  if (member.stake === 0n) {
    const slashed = member.equivocations > 0;
    return { ...result, amount: 0n, after: before, transaction: null, slashed };
  }
  const accounts = await lengthsToMake(connection, destination);
  await requireLamports(connection, owner.publicKey, { signatures: 1, accounts });
  await requireFree(context, owner, { ...member, stakeText }, release, signal);
  const key = owner.publicKey;
  const instructions = [
    ...tokenAccountCreate({ payer: key, mint: rewardMint, owner: key, tokenProgram }),
    ...memberWithdraw(program, { federation, rewardMint, tokenProgram, owner: key, destination }),
  ];
  const transaction = await sendTransaction(connection, instructions, [owner], { signal });
  const after = await readChanged(() => tokenBalance(connection, destination), before);
  return { ...result, amount: member.stake, after, transaction, slashed: false };
}

/** Throws `conflict` unless the stake is free, or can be made so. */
async function requireFree(
  context: ChainAccess,
  owner: Keypair,
  { stake, stakeText }: Member & { readonly stakeText: string },
  { freeAt, rounds }: StakeRelease,
  signal: AbortSignal | undefined,
): Promise<void> {
  const now = await readChainTime(context.connection);
  if (now >= freeAt && (await settleRounds(context, owner, rounds, now, signal))) return;
  const cooldown = now < freeAt ? [`the cooldown ends at ${instant(freeAt)}`] : [];
  const reasons = [...cooldown, ...(await waitingRounds(context, rounds, now))];
  throw new PlenaryError(
    "conflict",
    `The stake of ${stakeText} stays in escrow for now: ${reasons.join("; ")}. Withdraw it after that.`,
    { stake: stake.toString(), freeAt: instant(freeAt), rounds: rounds.join(",") },
  );
}

function stillMember(member: Member, stakeText: string): PlenaryError {
  return new PlenaryError(
    "conflict",
    `${member.owner.toBase58()} has not left the federation, so its stake of ${stakeText} stays: leave first.`,
    {
      member: member.address.toBase58(),
      stake: member.stake.toString(),
      remedy: "leave-federation" satisfies Remedy,
    },
  );
}
