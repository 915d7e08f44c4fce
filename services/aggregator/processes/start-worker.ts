import type { AddressInfo } from "node:net";
import { fastify } from "fastify";
import { startJobs } from "../jobs/queue.ts";
import { startReconciler } from "../jobs/reconciler.ts";
import { openRoundTools, type RoundTools } from "../rounds/round-tools.ts";
import { dependenciesOf, mountHealth } from "../routes/health.ts";
import { createMetrics, measureDisputes, mountMetrics } from "../routes/metrics.ts";
import { readConfig } from "./config.ts";
import { openService, type Service, type ServiceLog } from "./service.ts";

export interface WorkerSettings {
  readonly open: typeof openService;
  readonly openTools: (service: Service) => RoundTools;
}

/**
 * The working process: does queued jobs and looks for what is due. Any number of them may run.
 * Resolves with how to stop it.
 */
export async function startWorker(
  log: ServiceLog,
  { open = openService, openTools = toolsOf }: Partial<WorkerSettings> = {},
): Promise<() => Promise<void>> {
  const config = readConfig();
  const service = await open(config, log);
  const { context, queue } = service;
  const tools = openTools(service);
  const app = fastify({ logger: false, forceCloseConnections: true });
  const metrics = createMetrics();
  measureDisputes(metrics, () => context.store.disputes.tally());
  mountMetrics(app, metrics);
  mountHealth(app, dependenciesOf(context, { name: "queue", check: () => queue.check() }));
  await app.listen({ host: config.host, port: config.workerPort });
  const { redisUrl, databaseUrl, workerConcurrency: concurrency } = config;
  const jobs = await startJobs({ redisUrl, databaseUrl, log, concurrency }, { context, tools });
  const reconciler = startReconciler(context);
  const { port } = app.server.address() as AddressInfo;
  log.info({ health: `http://${config.host}:${port}/readyz`, queue: queue.backend }, "ready");
  return async () => {
    await reconciler.close();
    await jobs.close();
    await tools.screener.close();
    await app.close();
    await service.close();
  };
}

function toolsOf({ context, evaluator }: Service): RoundTools {
  return openRoundTools(context.blobs, evaluator, context.registries);
}
