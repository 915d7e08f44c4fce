import { type Member, memberAddress, readMember } from "@plenary/chain";
import {
  type DisputeView,
  ENDPOINTS,
  type FederationView,
  type MemberView,
  PlenaryError,
  type RoundView,
  type UpdateView,
} from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";
import type { FederationAccess } from "./access/index.ts";
import { nullIfNotFound, readRoundView } from "./access/index.ts";
import { requireFederation, rewardTokensOf } from "./chain-state/index.ts";
import { type StakeRelease, stakeRelease } from "./membership/index.ts";

/** The state of a federation, and of one owner's membership in it. */
export interface FederationStatus {
  readonly federation: FederationView;
  /** The newest round; null before the first. */
  readonly round: RoundView | null;
  /** The round whose model is best on the choosing half of the held-out groups, if any. */
  readonly chosen: RoundView | null;
  /** The newest of the latest rounds that were committed and evaluated, if any. */
  readonly evaluated: RoundView | null;
  /**
   * Challenges of the latest rounds, newest round first. They are about rounds before the one that
   * members train for.
   */
  readonly disputes: readonly { readonly round: bigint; readonly dispute: DisputeView }[];
  /** Null without an owner, or if the owner is not a member. */
  readonly member: MemberStatus | null;
}

/** One member, as its account on chain and its service show it. */
export interface MemberStatus extends MemberView {
  /** In base units, from the Member account on chain. */
  readonly stake: bigint;
  /** First round that `signingKey` signs. The previous key signs earlier ones. */
  readonly signingKeySince: bigint;
  /** Whether pay goes to the owner's associated token account. */
  readonly payoutIsOwn: boolean;
  /** For a member that has left: the first round without it, and what its stake waits for. */
  readonly exit: ({ readonly round: bigint } & StakeRelease) | null;
  /**
   * This member's updates in the latest rounds, newest first, with the reason if one was not
   * counted.
   */
  readonly updates: readonly { readonly round: bigint; readonly update: UpdateView }[];
}

const RECENT_ROUNDS = 5;

/** Reads the state of a federation from service and chain. */
export async function readStatus(
  context: Pick<FederationAccess, "client" | "connection" | "program" | "address">,
  owner?: PublicKey,
  signal?: AbortSignal,
): Promise<FederationStatus> {
  const { client, address } = context;
  const params = { federation: address.toBase58() };
  const federation = await client.call(ENDPOINTS.federationRead, { params, signal });
  const { rounds } = await client
    .call(ENDPOINTS.roundList, { params, query: { limit: RECENT_ROUNDS }, signal })
    .catch(noneIfLeft);
  const member = owner === undefined ? null : await memberStatus(context, owner, rounds, signal);
  const disputes = rounds.flatMap(({ number, disputes }) =>
    disputes.map((dispute) => ({ round: BigInt(number), dispute })),
  );
  const evaluated =
    rounds.find(
      ({ state, evaluation }) =>
        evaluation !== null && (state === "committed" || state === "final"),
    ) ?? null;
  const chosen = await chosenRound(context, federation, rounds, signal);
  return { federation, round: rounds[0] ?? null, chosen, evaluated, disputes, member };
}

async function chosenRound(
  context: Pick<FederationAccess, "client" | "address">,
  { chosenRound: number }: FederationView,
  rounds: readonly RoundView[],
  signal: AbortSignal | undefined,
): Promise<RoundView | null> {
  if (number === null) return null;
  const recent = rounds.find((round) => round.number === number);
  // A member that has left a private federation has no rounds at all.
  if (recent !== undefined || rounds.length === 0) return recent ?? null;
  return readRoundView(context, number, signal);
}

async function memberStatus(
  {
    client,
    connection,
    program,
    address,
  }: Pick<FederationAccess, "client" | "connection" | "program" | "address">,
  owner: PublicKey,
  rounds: readonly RoundView[],
  signal: AbortSignal | undefined,
): Promise<MemberStatus | null> {
  const member = memberAddress(program, address, owner);
  const account = await readMember(connection, member);
  if (account === null) return null;
  const params = { federation: address.toBase58(), member: member.toBase58() };
  const view = await client.call(ENDPOINTS.memberRead, { params, signal }).catch(nullIfNotFound);
  const updates = await Promise.all(
    rounds.map(async ({ number }) => {
      const found = await client
        .call(ENDPOINTS.updateRead, { params: { ...params, round: number }, signal })
        .catch(nullIfNotFound);
      return found === null ? [] : [{ round: BigInt(number), update: found.update }];
    }),
  );
  const onChain = await memberOnChain({ connection, address }, account);
  return { ...(view ?? unknownToService(account)), ...onChain, updates: updates.flat() };
}

/** What the chain says about a member. It takes precedence over the service's word. */
async function memberOnChain(
  { connection, address }: Pick<FederationAccess, "connection" | "address">,
  member: Member,
) {
  const federation = await requireFederation({ connection, address });
  const { account: own } = await rewardTokensOf(connection, federation, member.owner);
  const release = stakeRelease(member, federation);
  return {
    signingKey: member.updateKey.toBase58(),
    signingKeySince: member.keySinceRound,
    payout: member.payout.toBase58(),
    payoutIsOwn: member.payout.equals(own),
    stake: member.stake,
    exit: release === null ? null : { round: member.exitRound, ...release },
  };
}

function unknownToService(member: Member) {
  return {
    address: member.address.toBase58(),
    owner: member.owner.toBase58(),
    joinedRound: member.joinedRound.toString(),
    active: member.exitRound === 0n,
    counted: 0,
    refused: 0,
    missed: 0,
    earned: "0",
    claimed: member.claimedTotal.toString(),
    claimable: "0",
  };
}

/** A private federation no longer shows its rounds to a member that has left. */
function noneIfLeft(error: unknown): { readonly rounds: readonly RoundView[] } {
  if (error instanceof PlenaryError && error.code === "member-inactive") return { rounds: [] };
  throw error;
}
