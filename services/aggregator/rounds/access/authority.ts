import { equalBytes, PlenaryError, toBase58 } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Context } from "../context.ts";

/**
 * Throws `not-authority` unless `key` is the federation's authority on chain, which may have been
 * handed over since the federation was registered. Throws `chain-unavailable` while that cannot be
 * known.
 */
export async function requireAuthority(
  context: Context,
  federation: FederationRow,
  key: Uint8Array,
): Promise<void> {
  const onChain = await context.ledger.federation(federation.address);
  const authority = onChain?.authority ?? federation.authority;
  if (!equalBytes(authority, federation.authority))
    await context.store.federations.setAuthority(federation.address, authority);
  checkAuthority(key, authority);
}

/**
 * As requireAuthority, but while the chain does not answer, the authority that was last seen
 * counts. For diagnosis, which is needed most at such times.
 */
export async function requireKnownAuthority(
  context: Context,
  federation: FederationRow,
  key: Uint8Array,
): Promise<void> {
  try {
    await requireAuthority(context, federation, key);
  } catch (error) {
    if (!(error instanceof PlenaryError) || error.code !== "chain-unavailable") throw error;
    checkAuthority(key, federation.authority);
  }
}

/** Throws `not-authority`. */
export function checkAuthority(requester: Uint8Array, authority: Uint8Array): void {
  if (equalBytes(requester, authority)) return;
  throw new PlenaryError(
    "not-authority",
    `Only the federation's authority, ${toBase58(authority)}, may do this.`,
    { authority: toBase58(authority), key: toBase58(requester) },
  );
}
