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

/**
 * The key that signed a request over this body; a signature is good once. Throws `signature-invalid`, `request-expired` or
 * `request-replayed`.
 */
export async function authenticate(
  context: Context,
  request: FastifyRequest,
  bodyHash: Uint8Array,
): Promise<Uint8Array> {
  const now = context.clock.now();
  const claims = readRequestClaims(request.headers, now);
  const service = await identityOf(context);
  verifyRequest(claims, { service, method: request.method, path: request.url, bodyHash });
  await useNonce(context, claims);
  return claims.key;
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
