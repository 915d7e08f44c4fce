import type { AddressInfo } from "node:net";
import { completeRound } from "@plenary/algorithms";
import { fastify } from "fastify";
import { startJobs } from "../jobs/queue.ts";
import { startReconciler } from "../jobs/reconciler.ts";
import { ModelCache } from "../rounds/models/model-cache.ts";
import { RunningSums } from "../rounds/updates/running-sums.ts";
import { createScreener } from "../rounds/updates/screener.ts";
import { dependenciesOf, mountHealth } from "../routes/health.ts";
import { createMetrics, measureDisputes, mountMetrics } from "../routes/metrics.ts";
import { readConfig } from "./config.ts";
import { openService, type ServiceLog } from "./service.ts";

/**
 * The working process: does queued jobs and looks for what is due. Any number may run. `complete` is the round computation: another one
 * than everybody's cheats. Resolves with how to stop it.
 */
export async function startWorker(
  log: ServiceLog,
  complete: typeof completeRound = completeRound,
): Promise<() => Promise<void>> {
  const config = readConfig();
  const service = await openService(config, log);
  const { context, queue, evaluator } = service;
  const screener = createScreener();
  const models = new ModelCache(context.blobs);
  const workshop = { sums: new RunningSums(), models, evaluator, screener, complete };
  const app = fastify({ logger: false });
  const metrics = createMetrics();
  measureDisputes(metrics, () => context.store.disputes.tally());
  mountMetrics(app, metrics);
  mountHealth(app, dependenciesOf(context, { name: "queue", check: () => queue.check() }));
  await app.listen({ host: config.host, port: config.workerPort });
  const { redisUrl, databaseUrl, workerConcurrency: concurrency } = config;
  const jobs = await startJobs({ redisUrl, databaseUrl, log, concurrency }, { context, workshop });
  const reconciler = startReconciler(context);
  const { port } = app.server.address() as AddressInfo;
  log.info({ health: `http://${config.host}:${port}/readyz`, queue: queue.backend }, "ready");
  return async () => {
    await reconciler.close();
    await jobs.close();
    await screener.close();
    await app.close();
    await service.close();
  };
}
