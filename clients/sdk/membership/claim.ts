import {
  type Member,
  memberAddress,
  readFederation,
  readMember,
  readRound,
  readTokenProgram,
  requireLamports,
  rewardClaim,
  roundAddress,
  sendTransaction,
  TransactionFailed,
  tokenAccountAddress,
  tokenAccountCreate,
} from "@plenary/chain";
import {
  ENDPOINTS,
  encodeRewardLeaf,
  fromHex,
  leafHash,
  PlenaryError,
  verifyInclusion,
} from "@plenary/protocol";
import { pause } from "@plenary/service";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import type { FederationAccess } from "../access/index.ts";
import { nullIfNotFound } from "../access/index.ts";
import { lengthsToMake, readChanged, tokenBalance } from "../chain-state/index.ts";
import type { Remedy } from "../remedy.ts";

/** A proof of pay that was checked against a final Round account on chain. */
export interface RewardProof {
  readonly member: PublicKey;
  /** The final round whose rewards tree holds the leaf. */
  readonly round: bigint;
  /** Earned since the federation began, in base units of the reward mint. */
  readonly cumulative: bigint;
  readonly index: number;
  readonly path: readonly Uint8Array[];
}

/** What a claim paid, and to which account. */
export interface Claim {
  /** What this claim paid, in base units; 0 if nothing was due. */
  readonly amount: bigint;
  /** Null if nothing was due. */
  readonly transaction: string | null;
  /** The round up to which everything is claimed; null before a final round pays this member. */
  readonly round: bigint | null;
  /** The member's payout account, what it held before, and what it holds now. */
  readonly payout: PublicKey;
  readonly before: bigint;
  readonly after: bigint;
}

/** The member to claim for, and how long to wait for rounds that end soon. */
export interface ClaimOptions {
  /** The member's owner; the payer by default. */
  readonly owner?: PublicKey;
  /**
   * Milliseconds to wait for committed rounds to become final, if their challenge windows end in
   * that time; 0 by default. Waiting saves a second claim. Nothing is lost if it is too short.
   */
  readonly waitMilliseconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

type RewardAccess = Pick<
  FederationAccess,
  "client" | "connection" | "program" | "address" | "rewardMint"
>;

/**
 * Fetches a member's proof of pay and checks it against the rewards root in the Round account. Null
 * while no final round pays this member. Throws `verification-failed` if the proof does not hold,
 * which means that the service is wrong or lies.
 */
export async function readRewardProof(
  context: RewardAccess,
  member: PublicKey,
  signal?: AbortSignal,
): Promise<RewardProof | null> {
  const { client, connection, program, address: federation } = context;
  const params = { federation: federation.toBase58(), member: member.toBase58() };
  const view = await client.call(ENDPOINTS.rewardRead, { params, signal }).catch(nullIfNotFound);
  if (view === null) return null;
  const number = BigInt(view.round);
  const round = await readRound(connection, roundAddress(program, federation, number));
  if (round?.status !== "final")
    throw refuted(`Round ${number} is ${round?.status ?? "missing"} on chain, not final.`, number);
  const cumulative = BigInt(view.cumulative);
  const path = view.path.map((hash) => fromHex(hash, 32));
  const leaf = leafHash(encodeRewardLeaf({ member: member.toBytes(), cumulative }));
  if (!verifyInclusion(round.rewardsRoot, leaf, view.index, round.rewardCount, path))
    throw refuted(
      `The rewards root of round ${number} on chain does not contain this amount.`,
      number,
    );
  return { member, round: number, cumulative, index: view.index, path };
}

/**
 * Claims everything that a member has earned up to the last final round, into the member's payout
 * account. `payer` pays the fee. Safe to repeat: nothing is paid twice. Throws
 * `verification-failed`, `conflict` if the payout account is gone, `insufficient-funds`,
 * `transaction-failed` and `transaction-unknown`.
 */
export async function claimRewards(
  context: RewardAccess,
  payer: Keypair,
  options: ClaimOptions = {},
): Promise<Claim> {
  const { connection, program, address: federation } = context;
  const owner = options.owner ?? payer.publicKey;
  const address = memberAddress(program, federation, owner);
  const member = await readMember(connection, address);
  if (member === null)
    throw new PlenaryError(
      "member-unknown",
      `${owner.toBase58()} is not a member of this federation: join it first.`,
      { owner: owner.toBase58() },
    );
  const { waitMilliseconds = 0, signal } = options;
  if (waitMilliseconds > 0) await waitForFinality(context, waitMilliseconds, signal);
  const proof = await readRewardProof(context, address, options.signal);
  const { payout } = member;
  const balance = () => tokenBalance(connection, payout);
  const before = await balance();
  const nothing = { amount: 0n, transaction: null, payout, before, after: before };
  if (proof === null) return { ...nothing, round: null };
  const { round, cumulative } = proof;
  const amount = cumulative - member.claimedTotal;
  if (amount <= 0n) return { ...nothing, round };
  const instructions = await claimInstructions(context, payer.publicKey, member, proof);
  try {
    const { signal } = options;
    const transaction = await sendTransaction(connection, instructions, [payer], { signal });
    const after = await readChanged(balance, before);
    return { amount, transaction, round, payout, before, after };
  } catch (error) {
    // Anyone may claim for a member, so somebody else may have been first.
    const now = error instanceof TransactionFailed ? await readMember(connection, address) : null;
    if (now === null || now.claimedTotal < cumulative) throw error;
    return { ...nothing, round, after: await readChanged(balance, before) };
  }
}

/**
 * The instructions of a claim. If the pay goes to the owner's associated token account and that
 * does not exist, it is made first. Throws `insufficient-funds`, and `conflict` if another payout
 * account is gone.
 */
async function claimInstructions(
  { connection, program, address: federation, rewardMint }: RewardAccess,
  payer: PublicKey,
  { address, owner, payout }: Member,
  { round, cumulative, index, path }: RewardProof,
): Promise<TransactionInstruction[]> {
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  const isOwn = payout.equals(tokenAccountAddress(rewardMint, owner, tokenProgram));
  const accounts = await lengthsToMake(connection, payout);
  if (accounts.length > 0 && !isOwn)
    throw new PlenaryError(
      "conflict",
      `The payout account ${payout.toBase58()} does not exist any more: name another, then claim again. Nothing is lost.`,
      {
        payout: payout.toBase58(),
        member: address.toBase58(),
        remedy: "name-payout-account" satisfies Remedy,
      },
    );
  await requireLamports(connection, payer, { signatures: 1, accounts });
  const claim = { federation, rewardMint, tokenProgram, number: round, member: address, payout };
  return [
    ...(isOwn ? tokenAccountCreate({ payer, mint: rewardMint, owner, tokenProgram }) : []),
    ...rewardClaim(program, { ...claim, cumulative, index, path }),
  ];
}

const POLL_INTERVAL = 250;

/**
 * Waits while there are committed rounds whose windows end in time, and until the service has seen
 * that they are final.
 */
async function waitForFinality(
  context: RewardAccess,
  waitMilliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { client, connection, program, address } = context;
  const deadline = Date.now() + waitMilliseconds;
  while (Date.now() < deadline) {
    const federation = await readFederation(connection, address);
    const [oldest] = federation?.pending ?? [];
    const round =
      oldest === undefined
        ? null
        : await readRound(connection, roundAddress(program, address, oldest));
    if (round !== null && Number(round.challengeEndsAt) * 1000 > deadline) return;
    if (round === null) {
      const number = federation?.finalRound ?? 0n;
      if (number === 0n) return;
      const params = { federation: address.toBase58(), round: number.toString() };
      const view = await client.call(ENDPOINTS.roundRead, { params, signal }).catch(nullIfNotFound);
      if (view === null || view.state === "final") return;
    }
    await pause(POLL_INTERVAL, signal);
  }
}

function refuted(message: string, round: bigint): PlenaryError {
  return new PlenaryError(
    "verification-failed",
    `The service's proof of pay does not hold. ${message}`,
    {
      round: round.toString(),
    },
  );
}
