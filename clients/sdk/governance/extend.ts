import { ENDPOINTS, PlenaryError } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { type FederationAccess, readFederationView, signerFor } from "../access/index.ts";
import {
  type ChainOptions,
  requireFederation,
  rewardTokensOf,
  tokenBalance,
} from "../chain-state/index.ts";
import { requireAuthority } from "./authority.ts";
import { grantTokens } from "./grant.ts";
import { fundVault, readVault, type VaultChange } from "./vault.ts";

export interface Extended {
  /** Rounds in all before, and now. */
  readonly before: number;
  readonly totalRounds: number;
  readonly committedRounds: bigint;
  /** What the vault was given so that it can pay for all of them; null if it held enough. */
  readonly vault: VaultChange | null;
}

/**
 * Lets rounds follow up to a number in all, also where the federation was complete, and fills the
 * vault so that it can pay for them, minting what the authority does not hold. Safe to repeat.
 * Throws `not-authority`, `conflict` for a federation without a last round or fewer rounds than it
 * has, `insufficient-funds`, `transaction-failed`, `transaction-unknown`, and the service's
 * refusals.
 */
export async function extendFederation(
  access: FederationAccess,
  authority: Keypair,
  totalRounds: number,
  { signal }: ChainOptions = {},
): Promise<Extended> {
  const onChain = await requireFederation(access);
  requireAuthority(onChain, authority.publicKey);
  const view = await readFederationView(access, signal);
  const { totalRounds: before } = view;
  if (before === 0 || totalRounds < before)
    throw new PlenaryError(
      "conflict",
      before === 0
        ? "This federation has no last round: there is nothing to extend."
        : `This federation has ${before} rounds, and they cannot become fewer.`,
      { before, totalRounds },
    );
  const committedRounds = BigInt(view.committedRounds);
  const vault = await payFor(access, authority, BigInt(totalRounds) - committedRounds, signal);
  const { connection, program, address } = access;
  const { aggregator } = onChain;
  const extended = await access.client.call(ENDPOINTS.federationExtend, {
    params: { federation: address.toBase58() },
    body: { totalRounds },
    signer: await signerFor(authority, { connection, program, aggregator }),
    signal,
  });
  return { before, totalRounds: extended.totalRounds, committedRounds, vault };
}

/** Fills the vault with what it lacks to pay for as many rounds. */
async function payFor(
  access: FederationAccess,
  authority: Keypair,
  rounds: bigint,
  signal: AbortSignal | undefined,
): Promise<VaultChange | null> {
  const { connection } = access;
  const federation = await requireFederation(access);
  const { held, owed } = await readVault(access);
  const missing = rounds * federation.rewardPerRound - (held - owed);
  if (missing <= 0n) return null;
  const { account } = await rewardTokensOf(connection, federation, authority.publicKey);
  const own = await tokenBalance(connection, account);
  if (own < missing)
    await grantTokens(access, authority, authority.publicKey, missing - own, { signal });
  return fundVault(access, authority, missing, { signal });
}
