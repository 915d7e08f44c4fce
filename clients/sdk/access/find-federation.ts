import { ENDPOINTS, type FederationView, PlenaryError } from "@plenary/protocol";
import type { ServiceClient } from "@plenary/service";
import type { Remedy } from "../remedy.ts";
import { publicKey } from "./connection.ts";

/**
 * The federation with this address, or the service's only one. Throws `not-found`, and
 * `invalid-input` if the service has several.
 */
export async function findFederation(
  client: ServiceClient,
  address: string | undefined,
  signal: AbortSignal | undefined,
): Promise<FederationView> {
  if (address !== undefined)
    return client.call(ENDPOINTS.federationRead, {
      params: { federation: publicKey(address, "federation").toBase58() },
      signal,
    });
  const { federations } = await client.call(ENDPOINTS.federationList, { signal });
  const [only, second] = federations;
  if (only === undefined)
    throw new PlenaryError(
      "not-found",
      "The service has no federation yet: create and register one.",
      {
        service: client.url,
      },
    );
  if (second !== undefined)
    throw new PlenaryError(
      "invalid-input",
      `The service has ${federations.length} federations. Choose one: ${federations.map(({ address: known, name }) => `${known} (${name})`).join(", ")}.`,
      { federations: federations.length, remedy: "name-federation" satisfies Remedy },
    );
  return only;
}
