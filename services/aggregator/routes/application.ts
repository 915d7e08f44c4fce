import { randomUUID } from "node:crypto";
import fastifyCors from "@fastify/cors";
import fastifyHelmet from "@fastify/helmet";
import fastifyRateLimit from "@fastify/rate-limit";
import { fastifySSE } from "@fastify/sse";
import fastifySwagger from "@fastify/swagger";
import fastifySwaggerUi from "@fastify/swagger-ui";
import fastifyUnderPressure from "@fastify/under-pressure";
import { PlenaryError, REQUEST_HEADERS } from "@plenary/protocol";
import { type FastifyBaseLogger, type FastifyInstance, fastify } from "fastify";
import pTimeout from "p-timeout";
import type { Context } from "../rounds/context.ts";
import type { Evaluator } from "../rounds/lifecycle/evaluator.ts";
import { createPredictionPool } from "../rounds/predictions/prediction-pool.ts";
import type { EventSignal } from "../store/event-signal.ts";
import { auditHandlers } from "./audits.ts";
import { blobHandlers } from "./blobs.ts";
import { acceptBodies } from "./bodies.ts";
import { boundedServer } from "./connections.ts";
import { handleErrors } from "./errors.ts";
import { eventHandlers } from "./events.ts";
import { federationHandlers } from "./federations.ts";
import { type Dependency, dependenciesOf, mountHealth } from "./health.ts";
import { createLimits, type LimitSettings, rateLimited } from "./limits.ts";
import { createMetrics, mountMetrics } from "./metrics.ts";
import { mountEndpoints, validatorCompiler } from "./mount.ts";
import { predictionGate, predictionHandlers } from "./predictions.ts";
import { createReaderAccess } from "./reader-access.ts";
import { roundHandlers } from "./rounds.ts";
import { type RunningWork, runningWork } from "./running-work.ts";
import { signedRequests } from "./signed.ts";

export interface ApplicationSettings {
  readonly context: Context;
  readonly evaluator: Evaluator;
  readonly events: EventSignal;
  readonly queue: Dependency;
  readonly logger: FastifyBaseLogger;
  readonly limits: LimitSettings;
  readonly connectionsPerAddress: number;
  readonly maxBlobBytes: number;
  /** More routes, mounted after the protocol's. */
  readonly extend?: (app: FastifyInstance) => Promise<void>;
}

const HEARTBEAT_MILLISECONDS = 15_000;
/**
 * Pages of any origin may read, but not write. The API uses no cookies, so the browser adds no
 * credentials.
 */
const READS_OF_BROWSERS = {
  origin: "*",
  methods: ["GET", "HEAD"],
  allowedHeaders: [...Object.values(REQUEST_HEADERS), "range", "last-event-id"],
  exposedHeaders: ["content-range", "etag", "retry-after", "x-request-id"],
  maxAge: 86_400,
};
/** How long requests may take to finish once the server stops. */
const FINISH_MILLISECONDS = 1_000;
/** Most bytes of a body that no endpoint defines. */
const BODY_LIMIT = 4 * 1024;

/**
 * The HTTP service, ready to listen. Closing it ends event streams, lets requests finish for a
 * second, and closes every connection.
 */
export async function createApplication(settings: ApplicationSettings): Promise<FastifyInstance> {
  const { context } = settings;
  const { serverFactory, answered } = boundedServer(settings.connectionsPerAddress);
  const app: FastifyInstance = fastify({
    serverFactory,
    // By then preClose has let requests finish.
    forceCloseConnections: true,
    loggerInstance: settings.logger,
    genReqId: () => randomUUID(),
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 128 },
    return503OnClosing: true,
  });
  const work = runningWork();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.addHook("preClose", async () => {
    await settings.events.close();
    const finished = Promise.all([answered(), work.settled()]);
    await pTimeout(finished, { milliseconds: FINISH_MILLISECONDS, fallback: () => [] });
  });
  app.addHook("onSend", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  letPagesReadRefusals(app);
  handleErrors(app);
  mountMetrics(app, createMetrics());
  await protect(app, settings.limits.requestsPerMinute);
  await document(app);
  // Called, not registered: the exported plugin would apply to a scope of its own.
  await fastifySSE(app, { heartbeatInterval: HEARTBEAT_MILLISECONDS });
  mountHealth(app, dependenciesOf(context, settings.queue));
  await app.register(async (scope) => mountProtocol(scope, settings, work));
  await settings.extend?.(app);
  return app;
}

/** The protocol's endpoints, in a scope of their own because they read bodies in their own way. */
async function mountProtocol(
  app: FastifyInstance,
  settings: ApplicationSettings,
  work: RunningWork,
): Promise<void> {
  const { context, events } = settings;
  const signed = signedRequests(context, createLimits(app, settings.limits));
  const readers = createReaderAccess(context, signed);
  acceptBodies(app);
  await app.register(fastifyCors, READS_OF_BROWSERS);
  const predictions = createPredictionPool();
  app.addHook("onClose", () => predictions.close());
  const handlers = {
    ...federationHandlers(context, readers, settings.evaluator, settings.maxBlobBytes),
    ...auditHandlers(context, readers),
    ...roundHandlers(context, signed, readers),
    ...blobHandlers(context, readers, settings.maxBlobBytes),
    ...eventHandlers(context, readers, events, work),
    ...predictionHandlers(context, predictions),
  };
  mountEndpoints(app, handlers, signed, work, {
    predictionCreate: predictionGate(context, signed, readers),
  });
}

/**
 * What is refused before it reaches an endpoint, such as an unknown path or a request while the
 * service is overloaded, can be read by pages too.
 */
function letPagesReadRefusals(app: FastifyInstance): void {
  const { origin, exposedHeaders } = READS_OF_BROWSERS;
  app.addHook("onRequest", async ({ url }, reply) => {
    if (!url.startsWith("/v1/")) return;
    reply.header("access-control-allow-origin", origin);
    reply.header("access-control-expose-headers", exposedHeaders.join(", "));
  });
}

async function protect(app: FastifyInstance, requestsPerMinute: number): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
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
