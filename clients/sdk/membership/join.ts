import {
  type Federation,
  insufficientLamports,
  memberAddress,
  memberJoin,
  type Rules,
  readLamports,
  readMember,
  type SignedMessage,
  sendTransaction,
  tokenAccountCreate,
  tokensText,
} from "@plenary/chain";
import { PlenaryError, type SignedOwnerAdmission } from "@plenary/protocol";
import type { ServiceClient } from "@plenary/service";
import type { Connection, Keypair, PublicKey } from "@solana/web3.js";
import {
  type ChainAccess,
  type RewardTokens,
  readChanged,
  requireFederation,
  rewardTokensOf,
  tokenBalance,
} from "../chain-state/index.ts";
import { ownerAdmissionMessage } from "../governance/index.ts";
import { lamportsToJoin, requireRoundsLeft } from "./join-needs.ts";

/** The keys and the stake of a membership, and the authority's admission where one is needed. */
export interface JoinOptions {
  /** Owns the membership: pays fees and stake, receives rewards. */
  readonly keypair: Keypair;
  /** Signs updates; the owner's key by default. */
  readonly updateKey?: PublicKey;
  /** In base units of the reward mint; the federation's minimum by default. */
  readonly stake?: bigint;
  /** What the authority signed for this owner, if the federation admits by approval. */
  readonly ownerAdmission?: SignedOwnerAdmission | undefined;
  /** The authority itself, instead of an admission. */
  readonly authority?: Keypair;
  readonly signal?: AbortSignal | undefined;
}

/** A membership, new or as it was before. */
export interface Joined {
  readonly member: PublicKey;
  /** Null if the owner was a member already. */
  readonly transaction: string | null;
  /** The federation's rules, by which its rounds are provable on chain or replay-only. */
  readonly rules: Rules;
  /** The stake, and what the owner's token account held before and holds now. Null likewise. */
  readonly staked: {
    readonly amount: bigint;
    readonly before: bigint;
    readonly after: bigint;
  } | null;
}

/**
 * Joins a federation on chain with the stake that it asks for. Does nothing for an owner that is a
 * member already. With the service's client it refuses a federation that has had its last round.
 * Throws `conflict` for that; `insufficient-funds` without SOL; `invalid-input` without tokens or
 * approval, or if the chain has another update key; `verification-failed` and `wrong-chain` for an
 * admission that does not hold here; `transaction-failed` with the program's sentence; and
 * `transaction-unknown`.
 */
export async function joinFederation(
  context: ChainAccess & { readonly client?: ServiceClient },
  options: JoinOptions,
): Promise<Joined> {
  const { connection, program, address: federation } = context;
  const { keypair, authority } = options;
  const owner = keypair.publicKey;
  const updateKey = options.updateKey ?? owner;
  const member = memberAddress(program, federation, owner);
  const onChain = await requireFederation(context);
  const { rewardMint, rules } = onChain;
  if (await isMember(connection, member, updateKey))
    return { member, transaction: null, rules, staked: null };
  const { client } = context;
  if (client !== undefined) await requireRoundsLeft({ ...context, client }, options.signal);
  const admission = await approvalOf(context, onChain, options);
  const stake = options.stake ?? onChain.minimumStake;
  const tokens = await rewardTokensOf(connection, onChain, owner);
  const { tokenProgram, account } = tokens;
  const before = await requireFunds(context, owner, tokens, stake);
  const instructions = [
    ...tokenAccountCreate({ payer: owner, mint: rewardMint, owner, tokenProgram }),
    ...memberJoin(program, {
      federation,
      rewardMint,
      tokenProgram,
      owner,
      payer: owner,
      ...(authority && { authority: authority.publicKey }),
      admission,
      source: account,
      payout: account,
      updateKey,
      stake,
    }),
  ];
  const signers = authority === undefined ? [keypair] : [keypair, authority];
  const transaction = await sendTransaction(connection, instructions, signers, {
    signal: options.signal,
  });
  const read = () => tokenBalance(connection, account);
  const after = stake === 0n ? before : await readChanged(read, before);
  return { member, transaction, rules, staked: { amount: stake, before, after } };
}

async function isMember(
  connection: Connection,
  address: PublicKey,
  updateKey: PublicKey,
): Promise<boolean> {
  const member = await readMember(connection, address);
  if (member === null || member.exitRequestedAt !== 0n) return false;
  if (!member.updateKey.equals(updateKey))
    throw new PlenaryError(
      "invalid-input",
      `This member signs its updates with ${member.updateKey.toBase58()}, not with ${updateKey.toBase58()}: use that key, or rotate it.`,
      { expected: member.updateKey.toBase58(), actual: updateKey.toBase58() },
    );
  return true;
}

/** The admission to show; undefined if none is needed. */
async function approvalOf(
  context: ChainAccess,
  onChain: Federation,
  { keypair, authority, ownerAdmission }: JoinOptions,
): Promise<SignedMessage | undefined> {
  if (onChain.admission === "open" || authority !== undefined) return undefined;
  if (ownerAdmission !== undefined)
    return ownerAdmissionMessage(context, onChain, keypair.publicKey, ownerAdmission);
  throw new PlenaryError(
    "invalid-input",
    `Members of this federation are approved by its authority, ${onChain.authority.toBase58()}: ask it for an admission for ${keypair.publicKey.toBase58()}, and join with that.`,
    { authority: onChain.authority.toBase58() },
  );
}

/** Asks before sending, because the chain's own refusal does not say what is missing. */
async function requireFunds(
  context: ChainAccess,
  owner: PublicKey,
  tokens: RewardTokens,
  stake: bigint,
): Promise<bigint> {
  const { connection } = context;
  const { account, decimals } = tokens;
  const needed = await lamportsToJoin(context, owner, tokens);
  const lamports = await readLamports(connection, owner);
  if (lamports < needed) throw insufficientLamports(owner.toBase58(), lamports, needed);
  const held = await tokenBalance(connection, account);
  if (held >= stake) return held;
  throw new PlenaryError(
    "invalid-input",
    `Joining stakes ${tokensText(stake, decimals)} of the reward token; ${owner.toBase58()} holds ${tokensText(held, decimals)}. Get the difference from the federation's operator.`,
    { stake: stake.toString(), held: held.toString(), account: account.toBase58() },
  );
}
