import {
  PlenaryError,
  REQUEST_WINDOW_MILLISECONDS,
  type RequestClaims,
  readRequestClaims,
  type ServiceIdentity,
  toBase58,
  verifyRequest,
} from "@plenary/protocol";
import type { FastifyRequest } from "fastify";
import type { Context } from "../rounds/context.ts";
import type { Limits } from "./limits.ts";

/** Who signed a request. */
export interface SignedRequests {
  readonly limits: Limits;
  /**
   * The key that signed a request over this body; a signature is good once. Throws `signature-invalid`, `request-expired`,
   * `request-replayed` or `rate-limited`.
   */
  authenticate(request: FastifyRequest, bodyHash: Uint8Array): Promise<Uint8Array>;
}

export function signedRequests(context: Context, limits: Limits): SignedRequests {
  return {
    limits,
    async authenticate(request, bodyHash) {
      const claims = readRequestClaims(request.headers, context.clock.now());
      const service = await identityOf(context);
      verifyRequest(claims, { service, method: request.method, path: request.url, bodyHash });
      await useNonce(context, claims);
      // Last: who repeats another's request must not spend its allowance.
      await limits.signedRequest(request, toBase58(claims.key));
      return claims.key;
    },
  };
}

/** What requests to this service are signed for. */
export async function identityOf({ ledger }: Context): Promise<ServiceIdentity> {
  return {
    genesisHash: await ledger.genesisHash(),
    programId: ledger.programId,
    aggregator: ledger.aggregator,
  };
}

async function useNonce({ store }: Context, { key, nonce, time }: RequestClaims): Promise<void> {
  if (await store.nonces.use(key, nonce, BigInt(time + 2 * REQUEST_WINDOW_MILLISECONDS))) return;
  throw new PlenaryError(
    "request-replayed",
    "This signed request was made before: sign a new one with another nonce.",
    { key: toBase58(key), nonce },
  );
}
