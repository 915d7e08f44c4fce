import {
  type AuditView,
  ENDPOINTS,
  type FederationView,
  PlenaryError,
  type ResponseOf,
  type RoundView,
} from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";
import type { FederationAccess } from "./federation-access.ts";

type AtService = Pick<FederationAccess, "client" | "address">;

export function readFederationView(
  { client, address }: AtService,
  signal: AbortSignal | undefined,
): Promise<FederationView> {
  return client.call(ENDPOINTS.federationRead, {
    params: { federation: address.toBase58() },
    signal,
  });
}

/** A round by its number or "current"; null if there is no such round yet. */
export function readRoundView(
  { client, address }: AtService,
  round: string,
  signal: AbortSignal | undefined,
): Promise<RoundView | null> {
  const params = { federation: address.toBase58(), round };
  return client.call(ENDPOINTS.roundRead, { params, signal }).catch(nullIfNotFound);
}

/** A member's newest update in a round, with its receipt; null if the service has none. */
export function readUpdate(
  { client, address }: AtService,
  round: bigint,
  member: PublicKey,
  signal: AbortSignal | undefined,
): Promise<ResponseOf<typeof ENDPOINTS.updateRead> | null> {
  const params = {
    federation: address.toBase58(),
    round: round.toString(),
    member: member.toBase58(),
  };
  return client.call(ENDPOINTS.updateRead, { params, signal }).catch(nullIfNotFound);
}

/** The audits of a round; null before they are drawn. */
export async function readAudits(
  { client, address }: AtService,
  round: string,
  signal: AbortSignal | undefined,
): Promise<readonly AuditView[] | null> {
  const params = { federation: address.toBase58(), round };
  const view = await client.call(ENDPOINTS.auditList, { params, signal }).catch(nullIfNotFound);
  return view === null ? null : view.audits;
}

/** Turns "not found" into null, for things that may not exist yet. */
export function nullIfNotFound(error: unknown): null {
  if (error instanceof PlenaryError && error.code === "not-found") return null;
  throw error;
}
