import { ENDPOINTS, fromHex, type RoundView, toBase58, urlOf } from "@plenary/protocol";
import type { TestFederation } from "../chain/federation.ts";
import {
  signUpdate,
  type TestMember,
  type TestUpdate,
  type UpdatePlan,
} from "../chain/sign-update.ts";
import { readEvents, type ServerEvent, type TestClient } from "./client.ts";

/** Waits on the event stream until something has happened in a federation. */
export async function waitForEvent(
  client: TestClient,
  federation: TestFederation,
  type: string,
  round: bigint,
): Promise<ServerEvent[]> {
  return readEvents(
    client.origin,
    federation.address,
    "0",
    (event) => event.type === type && event.round === round.toString(),
    await client.readerHeaders(
      urlOf(ENDPOINTS.eventStream, { federation: toBase58(federation.address) }),
    ),
  );
}

/** Signs an update of a member for a round that is open. */
export async function updateFor(
  client: TestClient,
  federation: TestFederation,
  member: TestMember,
  round: RoundView,
  plan: Partial<UpdatePlan>,
): Promise<TestUpdate> {
  const view = await client.call(ENDPOINTS.federationRead, {
    params: { federation: toBase58(federation.address) },
  });
  return signUpdate(member, {
    genesisHash: fromHex(view.genesisHash),
    federation: federation.address,
    round: BigInt(round.number),
    baseRoot: fromHex(round.baseRoot),
    delta: deltaOf(federation, member),
    ...plan,
  });
}

/**
 * The delta of a member's update. It depends only on the member's place, so that two federations
 * can be compared.
 */
export function deltaOf(federation: TestFederation, member: TestMember): Int32Array {
  const place = federation.members.indexOf(member) + 1;
  return Int32Array.from(
    { length: federation.model.length },
    (_, i) => ((i * 7919 * place) % 20_011) - 10_000,
  );
}

/** Sends every member's update for a round. */
export async function submitAll(
  client: TestClient,
  federation: TestFederation,
  number: bigint,
  members: readonly TestMember[] = federation.members,
): Promise<void> {
  await waitForEvent(client, federation, "round-opened", number);
  const round = await client.round(federation.address, number);
  for (const member of members)
    await client.submit(
      federation.address,
      number,
      await updateFor(client, federation, member, round, {}),
    );
}
