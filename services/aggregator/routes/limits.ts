import { PlenaryError } from "@plenary/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";

const WINDOW_MILLISECONDS = 60_000;

export interface LimitSettings {
  /** Requests a minute from one address. */
  readonly requestsPerMinute: number;
  /** Signed requests a minute by one key. */
  readonly signedRequestsPerMinute: number;
  /** Updates a minute of one member. */
  readonly uploadsPerMinute: number;
}

/**
 * Limits beside the one per address. They count what a signature has proved, and nothing that only names a key: else a stranger could use
 * up another's allowance. Counted by each server for itself. All throw `rate-limited`.
 */
export interface Limits {
  signedRequest(request: FastifyRequest, key: string): Promise<void>;
  upload(request: FastifyRequest, member: string): Promise<void>;
}

/** After the plugin that limits addresses, whose counters these are. */
export function createLimits(app: FastifyInstance, settings: LimitSettings): Limits {
  const { signedRequestsPerMinute, uploadsPerMinute } = settings;
  return {
    signedRequest: limitOf(app, signedRequestsPerMinute, "signed requests of one key"),
    upload: limitOf(app, uploadsPerMinute, "uploads of one member"),
  };
}

function limitOf(app: FastifyInstance, max: number, what: string) {
  const names = new WeakMap<FastifyRequest, string>();
  const count = app.createRateLimit({
    max,
    timeWindow: WINDOW_MILLISECONDS,
    keyGenerator: (request) => names.get(request) ?? "",
  });
  return async (request: FastifyRequest, name: string): Promise<void> => {
    names.set(request, name);
    const result = await count(request);
    if (!result.isAllowed && result.isExceeded) throw rateLimited(max, what, result.ttlInSeconds);
  };
}

export function rateLimited(limit: number, what: string, seconds: number): PlenaryError {
  return new PlenaryError(
    "rate-limited",
    `More than ${limit} ${what} in a minute: wait ${seconds} seconds.`,
    {
      limit,
      retryAfterSeconds: seconds,
    },
  );
}
