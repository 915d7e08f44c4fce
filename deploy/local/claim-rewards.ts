import { type Federation, readFederation } from "@plenary/chain";
import { ENDPOINTS } from "@plenary/protocol";
import type { ServiceClient } from "@plenary/sdk";
import { LocalStackError } from "@plenary/stack";
import type { PublicKey } from "@solana/web3.js";
import { type Claim, readClaims } from "./claims.ts";
import { claimReward, type MembersSettings, type Organisation } from "./members.ts";
import type { Terminal } from "./terminal.ts";
import { pause, waitOut } from "./wait-out.ts";

const CLAIMS_AT_ONCE = 3;

export interface ClaimSettings {
  readonly members: MembersSettings;
  readonly organisations: readonly Organisation[];
  readonly service: ServiceClient;
  readonly terminal: Terminal;
  readonly end: AbortSignal;
}

/** What the run's members have been paid, and the federation as the chain then has it. */
export interface ClaimedRewards {
  readonly claims: readonly Claim[];
  readonly federation: Federation;
}

/**
 * Waits until every round is final, then lets each organisation claim what it has not claimed.
 */
export async function claimRewards(settings: ClaimSettings): Promise<ClaimedRewards> {
  await waitForFinalRounds(settings);
  const waiting = [...settings.organisations];
  const claimNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      if (await isOwed(settings, next)) await claimReward(settings.members, next);
  };
  await Promise.all(Array.from({ length: CLAIMS_AT_ONCE }, claimNext));
  const claims = await waitOut(settings.end, () => claimsOf(settings));
  return { claims, federation: await federationOf(settings) };
}

async function waitForFinalRounds(settings: ClaimSettings): Promise<void> {
  const { terminal, end } = settings;
  for (;;) {
    const { pending } = await federationOf(settings);
    if (pending.length === 0) break;
    terminal.status(`waiting for ${pending.length} rounds to become final`);
    await pause(end);
  }
  terminal.status(null);
}

async function federationOf({ members, end }: ClaimSettings): Promise<Federation> {
  const { connection, federation } = members;
  const state = await waitOut(end, () => readFederation(connection, federation.address));
  if (state !== null) return state;
  const address = federation.address.toBase58();
  throw new LocalStackError("run-failed", `The chain no longer has the federation ${address}.`);
}

async function isOwed(settings: ClaimSettings, organisation: Organisation): Promise<boolean> {
  const { members, service, end } = settings;
  const params = {
    federation: members.federation.address.toBase58(),
    member: organisation.address.toBase58(),
  };
  const { earned, claimed } = await waitOut(end, () =>
    service.call(ENDPOINTS.memberRead, { params }),
  );
  return earned !== claimed;
}

async function claimsOf({ members, organisations }: ClaimSettings): Promise<Claim[]> {
  const { connection, stack } = members;
  const read = (address: PublicKey) => readClaims(connection, stack.program, address);
  return (await Promise.all(organisations.map(({ address }) => read(address)))).flat();
}
