import { federationPause, requireLamports, sendTransaction } from "@plenary/chain";
import { ENDPOINTS, type FederationView } from "@plenary/protocol";
import type { ServiceClient } from "@plenary/service";
import type { Keypair } from "@solana/web3.js";
import { signerFor } from "../access/index.ts";
import { type ChainAccess, type ChainOptions, requireFederation } from "../chain-state/index.ts";
import { requireAuthority } from "./authority.ts";

/** Whether the federation is paused now. The transaction is null if it was so before. */
export interface Paused {
  readonly paused: boolean;
  /** Null if it was so before. */
  readonly transaction: string | null;
}

/**
 * Stops new rounds and new members on chain, which binds every aggregator. The open round
 * continues, and claims, withdrawals and disputes are never stopped. Safe to repeat. Throws
 * `not-authority`, `insufficient-funds`, `transaction-failed` and `transaction-unknown`.
 */
export function pauseFederation(
  context: ChainAccess,
  authority: Keypair,
  options?: ChainOptions,
): Promise<Paused> {
  return setPaused(context, authority, true, options);
}

/** Allows new rounds and members again. Throws the errors of `pauseFederation`. */
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
 * Tells a service to stop opening rounds, or to open them again. The service shows this as its
 * status. It binds that service only. Safe to repeat. Throws `not-authority`, `not-found` and
 * `service-unavailable`.
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
