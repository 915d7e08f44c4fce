import { memberAddress } from "@plenary/chain";
import { ENDPOINTS } from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";
import type { FederationAccess } from "../access/index.ts";

/**
 * Tells a private federation's service about a member's new update-signing key, so that the member
 * can read with that key at once: the service looks at the chain when a member asks about itself.
 * `access` must sign with a key that the service knows already, such as the owner's.
 */
export async function announceMember(
  { client, program, address, configuration }: FederationAccess,
  owner: PublicKey,
  signal?: AbortSignal,
): Promise<void> {
  if (configuration.visibility !== "private") return;
  const member = memberAddress(program, address, owner).toBase58();
  await client.call(ENDPOINTS.memberRead, {
    params: { federation: address.toBase58(), member },
    signal,
  });
}
