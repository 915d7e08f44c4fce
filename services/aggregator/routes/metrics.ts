import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { DisputeTally } from "../store/disputes.ts";

export interface Metrics {
  readonly registry: Registry;
  readonly requestSeconds: Histogram<"method" | "route" | "status">;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requestSeconds = new Histogram({
    name: "plenary_http_request_seconds",
    help: "Time from a request's headers to its answer.",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  });
  return { registry, requestSeconds };
}

/**
 * Counts of the whole service, read from its database at each request. They are the same from every
 * process and after a restart. While the database is away they stay as they were.
 */
export function measureDisputes({ registry }: Metrics, tally: () => Promise<DisputeTally>): void {
  const counts: readonly [name: string, help: string, pick: (tally: DisputeTally) => number][] = [
    ["plenary_disputes_open", "Disputes that have not ended.", ({ open }) => open],
    [
      "plenary_demands_answered",
      "Demands of disputes that were answered.",
      ({ answers }) => answers,
    ],
    [
      "plenary_demands_failed",
      "Demands of disputes that could not be answered, or not at first.",
      ({ failures }) => failures,
    ],
  ];
  for (const [name, help, pick] of counts)
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const found = await tally().catch(() => undefined);
        if (found !== undefined) this.set(pick(found));
      },
    });
}

/** The gauge of what the aggregator's account holds. */
export function fundsGauge({ registry }: Metrics): Gauge {
  return new Gauge({
    name: "plenary_aggregator_lamports",
    help: "Lamports of the account that pays for the aggregator's transactions.",
    registers: [registry],
  });
}

/** Serves /metrics in Prometheus's text form, and measures the time of every request. */
export function mountMetrics(app: FastifyInstance, { registry, requestSeconds }: Metrics): void {
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    requestSeconds.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1_000,
    );
  });
  app.get("/metrics", { schema: { hide: true } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
