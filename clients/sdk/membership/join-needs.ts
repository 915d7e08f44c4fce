import {
  accountLength,
  type Federation,
  lamportsNeeded,
  memberAddress,
  readLamports,
  readMember,
} from "@plenary/chain";
import { type AnswerSet, countCells, type FederationView, PlenaryError } from "@plenary/protocol";
import { canTrainOn } from "@plenary/training";
import type { PublicKey } from "@solana/web3.js";
import { type FederationAccess, readFederationView } from "../access/index.ts";
import {
  type ChainAccess,
  lengthsToMake,
  type RewardTokens,
  requireFederation,
  rewardTokensOf,
  tokenBalance,
} from "../chain-state/index.ts";

/** Signatures that the owner pays for at most: its own, and the authority's. */
const SIGNATURES = 2;

/** What joining takes, and what the owner has of it. */
export interface JoinNeeds {
  readonly isMember: boolean;
  /** Fees, the rent of the accounts that are made, and the rent of the owner's account. */
  readonly lamports: { readonly needed: bigint; readonly held: bigint };
  /** In base units of the reward mint, which has this many decimals. */
  readonly stake: { readonly needed: bigint; readonly held: bigint };
  readonly decimals: number;
  /** Whether everybody may join, or owners that the authority approves. */
  readonly admission: Federation["admission"];
  readonly paused: boolean;
  readonly status: FederationView["status"];
  readonly rounds: {
    readonly committed: bigint;
    /** Rounds until the federation is complete; null for one without an end. */
    readonly left: bigint | null;
  };
  /** Groups and answers that training will use; null if no answers were given. */
  readonly training: { readonly groups: number; readonly cells: number } | null;
}

export interface JoinNeedsOptions {
  readonly owner: PublicKey;
  /** In base units; the federation's minimum by default. */
  readonly stake?: bigint;
  /** The answers that the member will train on. */
  readonly answers?: AnswerSet | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads what joining takes. Sends nothing. Throws as reads of chain and service do. */
export async function readJoinNeeds(
  access: FederationAccess,
  { owner, stake, answers, signal }: JoinNeedsOptions,
): Promise<JoinNeeds> {
  const { connection, program, address } = access;
  const onChain = await requireFederation(access);
  const view = await readFederationView(access, signal);
  const tokens = await rewardTokensOf(connection, onChain, owner);
  const member = await readMember(connection, memberAddress(program, address, owner));
  const committed = BigInt(view.committedRounds);
  const trainable = answers && { ...answers, groups: answers.groups.filter(canTrainOn) };
  return {
    isMember: member !== null && member.exitRequestedAt === 0n,
    lamports: {
      needed: await lamportsToJoin(access, owner, tokens),
      held: await readLamports(connection, owner),
    },
    stake: {
      needed: stake ?? onChain.minimumStake,
      held: await tokenBalance(connection, tokens.account),
    },
    decimals: tokens.decimals,
    admission: onChain.admission,
    paused: onChain.paused,
    status: view.status,
    rounds: {
      committed,
      left: view.totalRounds === 0 ? null : BigInt(view.totalRounds) - committed,
    },
    training: trainable ? { groups: trainable.groups.length, cells: countCells(trainable) } : null,
  };
}

/** Lamports that an owner must hold to join. An owner that joins again has an account. */
export async function lamportsToJoin(
  { connection, program, address }: ChainAccess,
  owner: PublicKey,
  { account }: Pick<RewardTokens, "account">,
): Promise<bigint> {
  const isNew = (await readMember(connection, memberAddress(program, address, owner))) === null;
  const accounts = [
    ...(isNew ? [accountLength("Member")] : []),
    ...(await lengthsToMake(connection, account)),
  ];
  return lamportsNeeded(connection, { signatures: SIGNATURES, accounts });
}

/** Throws `conflict` for a federation that has had its last round: a stake would earn nothing. */
export async function requireRoundsLeft(
  access: Pick<FederationAccess, "client" | "address">,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { status, totalRounds, authority } = await readFederationView(access, signal);
  if (status !== "complete") return;
  throw new PlenaryError(
    "conflict",
    `This federation has had its last round, number ${totalRounds}: nobody joins any more, unless its authority ${authority} extends it.`,
    { federation: access.address.toBase58(), totalRounds },
  );
}
