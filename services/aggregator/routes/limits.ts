import { PlenaryError } from "@plenary/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";

const WINDOW_MILLISECONDS = 60_000;

export interface LimitSettings {
  /** Requests per minute from one address. */
  readonly requestsPerMinute: number;
  /** Signed requests per minute by one key. */
  readonly signedRequestsPerMinute: number;
  /** Updates per minute of one member. */
  readonly uploadsPerMinute: number;
  /** Requests for predictions per minute from one address. */
  readonly predictionsPerMinute: number;
}

/**
 * Limits besides the one per address. They count only what a signature has proved: a stranger that
 * merely names a key cannot use up its allowance. Each server counts for itself. All throw
 * `rate-limited`.
 */
export interface Limits {
  signedRequest(request: FastifyRequest, key: string): Promise<void>;
  upload(request: FastifyRequest, member: string): Promise<void>;
  /** By address: a prediction costs a thread some tenths of a second. */
  prediction(request: FastifyRequest): Promise<void>;
}

/** Needs the plugin that limits addresses, whose counters it uses. */
export function createLimits(app: FastifyInstance, settings: LimitSettings): Limits {
  const { signedRequestsPerMinute, uploadsPerMinute, predictionsPerMinute } = settings;
  const prediction = limitOf(app, predictionsPerMinute, "requests for predictions");
  return {
    signedRequest: limitOf(app, signedRequestsPerMinute, "signed requests of one key"),
    upload: limitOf(app, uploadsPerMinute, "uploads of one member"),
    prediction: (request) => prediction(request, request.ip),
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
