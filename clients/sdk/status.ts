import { memberAddress, readMember } from "@plenary/chain";
import {
  type DisputeView,
  ENDPOINTS,
  type FederationView,
  type MemberView,
  type RoundView,
  type UpdateView,
} from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";
import type { FederationAccess } from "./open-federation.ts";
import { nullIfNotFound } from "./round-reads.ts";

/** Where a federation stands, and one owner's membership in it. */
export interface FederationStatus {
  readonly federation: FederationView;
  /** The newest round; null before the first. */
  readonly round: RoundView | null;
  /** Challenges of the latest rounds, newest round first: they are about rounds before the one that is trained for. */
  readonly disputes: readonly { readonly round: bigint; readonly dispute: DisputeView }[];
  /** Null without an owner, or if the owner is no member. */
  readonly member: MemberStatus | null;
}

export interface MemberStatus extends MemberView {
  /** In base units, from the Member account on chain. */
  readonly stake: bigint;
  /** This member's updates of the latest rounds, newest first, with the reason where one was not counted. */
  readonly updates: readonly { readonly round: bigint; readonly update: UpdateView }[];
}

const RECENT_ROUNDS = 5;

/** Asks service and chain how things stand. */
export async function readStatus(
  context: Pick<FederationAccess, "client" | "connection" | "program" | "address">,
  owner?: PublicKey,
  signal?: AbortSignal,
): Promise<FederationStatus> {
  const { client, address } = context;
  const params = { federation: address.toBase58() };
  const federation = await client.call(ENDPOINTS.federationRead, { params, signal });
  const { rounds } = await client.call(ENDPOINTS.roundList, {
    params,
    query: { limit: RECENT_ROUNDS },
    signal,
  });
  const member = owner === undefined ? null : await memberStatus(context, owner, rounds, signal);
  const disputes = rounds.flatMap(({ number, disputes }) =>
    disputes.map((dispute) => ({ round: BigInt(number), dispute })),
  );
  return { federation, round: rounds[0] ?? null, disputes, member };
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
  const unknown = {
    address: member.toBase58(),
    owner: owner.toBase58(),
    signingKey: account.updateKey.toBase58(),
    payout: account.payout.toBase58(),
    joinedRound: account.joinedRound.toString(),
    active: account.exitRound === 0n,
    counted: 0,
    refused: 0,
    earned: "0",
    claimed: account.claimedTotal.toString(),
    claimable: "0",
  };
  return { ...(view ?? unknown), stake: account.stake, updates: updates.flat() };
}
