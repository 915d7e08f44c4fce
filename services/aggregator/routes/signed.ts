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

/** Finds out which key signed a request. */
export interface SignedRequests {
  readonly limits: Limits;
  /**
   * Refuses a request whose headers cannot be those of a fresh signed request, before anything else
   * of it is read. Throws `signature-invalid` or `request-expired`.
   */
  requireClaims(request: FastifyRequest): void;
  /**
   * The key that signed a request over this body. Each signature is valid once. Throws
   * `signature-invalid`, `request-expired`, `request-replayed` or `rate-limited`.
   */
  authenticate(request: FastifyRequest, bodyHash: Uint8Array): Promise<Uint8Array>;
}

export function signedRequests(context: Context, limits: Limits): SignedRequests {
  const claimsOf = (request: FastifyRequest) =>
    readRequestClaims(request.headers, context.clock.now());
  return {
    limits,
    requireClaims(request) {
      claimsOf(request);
    },
    async authenticate(request, bodyHash) {
      const claims = claimsOf(request);
      const service = await identityOf(context);
      verifyRequest(claims, { service, method: request.method, path: request.url, bodyHash });
      await useNonce(context, claims);
      // Last, so that a repeated request does not spend the allowance of the key that it names.
      await limits.signedRequest(request, toBase58(claims.key));
      return claims.key;
    },
  };
}

/** The service that signed requests name. */
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
