import { setTimeout as pause } from "node:timers/promises";
import type { Registries } from "@plenary/algorithms";
import { fastify } from "fastify";
import { startJobs } from "../jobs/queue-worker.ts";
import { startReconciler } from "../jobs/reconciler.ts";
import { openRoundTools, type RoundTools } from "../rounds/round-tools.ts";
import { dependenciesOf, mountHealth } from "../routes/health.ts";
import { createMetrics, fundsGauge, measureDisputes, mountMetrics } from "../routes/metrics.ts";
import { watchFunds } from "./aggregator-funds.ts";
import { type Config, readConfig } from "./config.ts";
import { listen, urlOf } from "./listening.ts";
import { openService, type Service, type ServiceLog } from "./service.ts";

/** How long a look for what is due may take to end when the worker stops. */
const LOOK_MILLISECONDS = 500;

export interface WorkerSettings {
  readonly config: Config;
  readonly open: typeof openService;
  readonly openTools: (service: Service) => RoundTools;
  /** The same as the server's. */
  readonly registries: Registries;
}

/**
 * The working process. It does queued jobs and looks for what is due; any number of them may run.
 * Resolves with the function that stops it.
 */
export async function startWorker(
  log: ServiceLog,
  {
    config = readConfig(),
    open = openService,
    openTools = toolsOf,
    ...settings
  }: Partial<WorkerSettings> = {},
): Promise<() => Promise<void>> {
  const service = await open(config, log, settings);
  const { context, queue } = service;
  const tools = openTools(service);
  const app = fastify({ logger: false, forceCloseConnections: true });
  const metrics = createMetrics();
  measureDisputes(metrics, () => context.store.disputes.tally());
  mountMetrics(app, metrics);
  mountHealth(app, dependenciesOf(context, { name: "queue", check: () => queue.check() }));
  await listen(app, {
    host: config.host,
    port: config.workerPort,
    setting: "PLENARY_WORKER_PORT",
  });
  const jobs = await startJobs(
    queue.store,
    { concurrency: config.workerConcurrency, log },
    { context, tools },
  );
  const reconciler = startReconciler(context);
  const funds = watchFunds(context, fundsGauge(metrics));
  log.info({ health: `${urlOf(app)}/readyz`, queue: queue.store.name }, "ready");
  return async () => {
    funds.close();
    const looked = reconciler.close().then(() => true);
    const ended = await jobs.close();
    // What is still held by a job that was given back, or by a look, ends with the process.
    if (!ended || !(await Promise.race([looked, pause(LOOK_MILLISECONDS, false)]))) return;
    await tools.screener.close();
    await app.close();
    await service.close();
  };
}

function toolsOf({ context, evaluator }: Service): RoundTools {
  return openRoundTools(context.blobs, evaluator, context.registries);
}
