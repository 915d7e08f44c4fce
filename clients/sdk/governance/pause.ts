import { federationPause, requireLamports, sendTransaction } from "@plenary/chain";
import { ENDPOINTS, type FederationView } from "@plenary/protocol";
import type { ServiceClient } from "@plenary/service";
import type { Keypair } from "@solana/web3.js";
import { signerFor } from "../access/index.ts";
import { type ChainAccess, type ChainOptions, requireFederation } from "../chain-state/index.ts";
import { requireAuthority } from "./authority.ts";

export interface Paused {
  readonly paused: boolean;
  /** Null when it was so before. */
  readonly transaction: string | null;
}

/**
 * Stops new rounds and new members on chain, which binds every aggregator; the open round goes on, and claims, withdrawals and disputes are
 * never stopped. Safe to repeat. Throws `not-authority`, `transaction-failed`.
 */
export function pauseFederation(
  context: ChainAccess,
  authority: Keypair,
  options?: ChainOptions,
): Promise<Paused> {
  return setPaused(context, authority, true, options);
}

/** Lets rounds and members in again. As pauseFederation. */
export function resumeFederation(
  context: ChainAccess,
  authority: Keypair,
  options?: ChainOptions,
): Promise<Paused> {
  return setPaused(context, authority, false, options);
}

async function setPaused(
  context: ChainAccess,
  authority: Keypair,
  paused: boolean,
  { signal }: ChainOptions = {},
): Promise<Paused> {
  const { connection, program, address: federation } = context;
  const found = await requireFederation(context);
  requireAuthority(found, authority.publicKey);
  if (found.paused === paused) return { paused, transaction: null };
  await requireLamports(connection, authority.publicKey);
  const instructions = federationPause(program, {
    federation,
    authority: authority.publicKey,
    paused,
  });
  const transaction = await sendTransaction(connection, instructions, [authority], { signal });
  return { paused, transaction };
}

/**
 * Tells a service to stop or to go on opening rounds, which it then shows as its status. It binds that service only. Safe to repeat. Throws
 * `not-authority`, `not-found`, `service-unavailable`.
 */
export async function setServicePaused(
  context: ChainAccess & { readonly client: ServiceClient },
  authority: Keypair,
  paused: boolean,
  { signal }: ChainOptions = {},
): Promise<FederationView> {
  const { connection, program, address, client } = context;
  const { aggregator } = await requireFederation(context);
  const signer = await signerFor(authority, { connection, program, aggregator });
  const endpoint = paused ? ENDPOINTS.federationPause : ENDPOINTS.federationResume;
  return client.call(endpoint, { params: { federation: address.toBase58() }, signer, signal });
}
