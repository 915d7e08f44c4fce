import { randomUUID } from "node:crypto";
import fastifyHelmet from "@fastify/helmet";
import fastifyRateLimit from "@fastify/rate-limit";
import { fastifySSE } from "@fastify/sse";
import fastifySwagger from "@fastify/swagger";
import fastifySwaggerUi from "@fastify/swagger-ui";
import fastifyUnderPressure from "@fastify/under-pressure";
import { PlenaryError } from "@plenary/protocol";
import { type FastifyBaseLogger, type FastifyInstance, fastify } from "fastify";
import type { Context } from "../rounds/context.ts";
import type { Evaluator } from "../rounds/lifecycle/evaluator.ts";
import type { EventSignal } from "../store/event-signal.ts";
import { auditHandlers } from "./audits.ts";
import { blobHandlers } from "./blobs.ts";
import { acceptBodies } from "./bodies.ts";
import { handleErrors } from "./errors.ts";
import { eventHandlers } from "./events.ts";
import { federationHandlers } from "./federations.ts";
import { type Dependency, dependenciesOf, mountHealth } from "./health.ts";
import { createLimits, type LimitSettings, rateLimited } from "./limits.ts";
import { createMetrics, mountMetrics } from "./metrics.ts";
import { mountEndpoints, validatorCompiler } from "./mount.ts";
import { createReaders } from "./readers.ts";
import { roundHandlers } from "./rounds.ts";
import { signedRequests } from "./signed.ts";

export interface ApplicationSettings {
  readonly context: Context;
  readonly evaluator: Evaluator;
  readonly events: EventSignal;
  readonly queue: Dependency;
  readonly logger: FastifyBaseLogger;
  readonly limits: LimitSettings;
  readonly maxBlobBytes: number;
  /** More routes, mounted after the protocol's. */
  readonly extend?: (app: FastifyInstance) => Promise<void>;
}

/** Longest that an upload may take. */
const REQUEST_MILLISECONDS = 10 * 60_000;
const HEARTBEAT_MILLISECONDS = 15_000;

/** The HTTP service, ready to listen. Closing it ends event streams and lets requests finish. */
export async function createApplication(settings: ApplicationSettings): Promise<FastifyInstance> {
  const { context, events } = settings;
  const app: FastifyInstance = fastify({
    loggerInstance: settings.logger,
    genReqId: () => randomUUID(),
    requestTimeout: REQUEST_MILLISECONDS,
    routerOptions: { maxParamLength: 128 },
    return503OnClosing: true,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.addHook("onSend", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  handleErrors(app);
  acceptBodies(app);
  mountMetrics(app, createMetrics());
  await protect(app, settings.limits.requestsPerMinute);
  await document(app);
  // Called, not registered: the exported plugin would apply to a scope of its own.
  await fastifySSE(app, { heartbeatInterval: HEARTBEAT_MILLISECONDS });
  app.addHook("preClose", () => events.close());
  const signed = signedRequests(context, createLimits(app, settings.limits));
  const readers = createReaders(context, signed);
  mountHealth(app, dependenciesOf(context, settings.queue));
  mountEndpoints(app, {
    ...federationHandlers(context, signed, readers, settings.evaluator),
    ...auditHandlers(context, readers),
    ...roundHandlers(context, signed, readers),
    ...blobHandlers(context, signed, readers, settings.maxBlobBytes),
    ...eventHandlers(context, readers, events),
  });
  await settings.extend?.(app);
  return app;
}

async function protect(app: FastifyInstance, requestsPerMinute: number): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    // Blobs are public and read by browsers of other origins.
    crossOriginResourcePolicy: { policy: "cross-origin" },
  });
  await app.register(fastifyRateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, limit) =>
      rateLimited(limit.max, "requests from one address", Math.ceil(limit.ttl / 1_000)),
  });
  await app.register(fastifyUnderPressure, {
    maxEventLoopDelay: 2_000,
    retryAfter: 2,
    pressureHandler: () => {
      throw new PlenaryError(
        "service-unavailable",
        "The service is overloaded: try again in some seconds.",
      );
    },
  });
}

async function document(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Plenary aggregator",
        description:
          "Rounds of a federation: upload updates, read models, manifests, rewards and their proofs.",
        version: "1.0.0",
      },
    },
  });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  await app.register(fastifySwaggerUi, { routePrefix: "/docs" });
}
