import {
  PlenaryError,
  REQUEST_WINDOW_MILLISECONDS,
  type RequestClaims,
  readRequestClaims,
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
  verifyRequest(claims, { method: request.method, path: request.url, bodyHash });
  await useNonce(context, claims);
  return claims.key;
}

async function useNonce({ store }: Context, { key, nonce, time }: RequestClaims): Promise<void> {
  if (await store.nonces.use(key, nonce, BigInt(time + 2 * REQUEST_WINDOW_MILLISECONDS))) return;
  throw new PlenaryError(
    "request-replayed",
    "This signed request was made before: sign a new one with another nonce.",
    { key: toBase58(key), nonce },
  );
}
