import {
  type FederationView,
  type MemberView,
  type ServiceIdentity,
  type ServiceView,
  toBase58,
  toHex,
} from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import { type MemberRecord, type MemberRow, NO_RECORD } from "../../store/members.ts";
import { isActive } from "../access/members.ts";
import type { Context } from "../context.ts";
import { totalRoundsOf } from "../federations/extend.ts";
import { signedVersion } from "../federations/questionnaire.ts";
import { FALL_MARGIN } from "../lifecycle/falling.ts";

/*
 * Rows in the form in which the endpoints answer.
 */

export function viewService({ genesisHash, programId, aggregator }: ServiceIdentity): ServiceView {
  return {
    genesisHash: toHex(genesisHash),
    programId: toBase58(programId),
    aggregator: toBase58(aggregator),
  };
}

export async function viewFederation(
  context: Context,
  federation: FederationRow,
): Promise<FederationView> {
  const { rounds, members, questionnaires } = context.store;
  const [newest, chosen, version] = await Promise.all([
    rounds.newest(federation.address),
    rounds.chosen(federation.address, FALL_MARGIN),
    questionnaires.newest(federation.address),
  ]);
  const collecting = newest?.state === "collecting" ? newest.number.toString() : null;
  return {
    address: toBase58(federation.address),
    name: federation.configuration.name,
    programId: toBase58(federation.program_id),
    genesisHash: toHex(federation.genesis_hash),
    authority: toBase58(federation.authority),
    aggregator: toBase58(federation.aggregator),
    rewardMint: toBase58(federation.reward_mint),
    configuration: federation.configuration,
    configurationHash: toHex(federation.configuration_hash),
    ...(version !== undefined && { questionnaire: signedVersion(version) }),
    round: collecting,
    committedRounds: federation.committed_rounds.toString(),
    totalRounds: totalRoundsOf(federation),
    modelRoot: toHex(federation.model_root),
    modelBlob: toHex(federation.model_blob),
    chosenRound: chosen?.number.toString() ?? null,
    fallingRounds: chosen?.falling ?? 0,
    members: await members.count(federation.address),
    status: federation.status,
  };
}

export async function viewMember({ store }: Context, member: MemberRow): Promise<MemberView> {
  const { federation, address } = member;
  const [records, newest] = await Promise.all([
    store.members.records(federation, address),
    store.rounds.newest(federation),
  ]);
  return memberView(member, records.get(toHex(address)), newest?.number);
}

/** All members of a federation, ascending by address. */
export async function viewMembers(
  { store }: Context,
  federation: Uint8Array,
): Promise<MemberView[]> {
  const [members, records, newest] = await Promise.all([
    store.members.ofFederation(federation),
    store.members.records(federation),
    store.rounds.newest(federation),
  ]);
  return members.map((member) =>
    memberView(member, records.get(toHex(member.address)), newest?.number),
  );
}

function memberView(
  member: MemberRow,
  record: MemberRecord = NO_RECORD,
  newest = member.joined_round,
): MemberView {
  const claimable = record.final - member.claimed;
  return {
    address: toBase58(member.address),
    owner: toBase58(member.owner),
    signingKey: toBase58(member.update_key),
    payout: toBase58(member.payout),
    joinedRound: member.joined_round.toString(),
    active: isActive(member, newest),
    counted: record.counted,
    refused: record.refused,
    missed: record.missed,
    earned: record.earned.toString(),
    claimed: member.claimed.toString(),
    claimable: (claimable > 0n ? claimable : 0n).toString(),
  };
}
