import type { Registries } from "@plenary/algorithms";
import { recordOlderReferences } from "../rounds/federations/configuration-blobs.ts";
import { createApplication } from "../routes/application.ts";
import { mountQueuePage } from "../routes/queue-page.ts";
import { listenForEvents } from "../store/event-signal.ts";
import { type Config, readConfig } from "./config.ts";
import { listen, urlOf } from "./listening.ts";
import { openService, type ServiceLog } from "./service.ts";

export interface ServerSettings {
  readonly config: Config;
  readonly open: typeof openService;
  /** Plug-ins of the operator's own, beside those that Plenary comes with. */
  readonly registries: Registries;
}

/**
 * The HTTP process: accepts, stores, answers, and has work queued. Resolves with how to stop it.
 */
export async function startServer(
  log: ServiceLog,
  { config = readConfig(), open = openService, ...settings }: Partial<ServerSettings> = {},
): Promise<() => Promise<void>> {
  const service = await open(config, log, settings);
  const { context, queue, evaluator } = service;
  await recordOlderReferences(context);
  const events = listenForEvents(context.database, (error) =>
    log.warn({ err: error }, "lost the event channel"),
  );
  const app = await createApplication({
    context,
    evaluator,
    events,
    queue: { name: "queue", check: () => queue.check() },
    logger: log,
    limits: config,
    connectionsPerAddress: config.connectionsPerAddress,
    maxBlobBytes: config.maxBlobBytes,
    extend: (extended) => mountQueuePage(extended, queue.queue, config.operatorPassword),
  });
  await listen(app, { ...config, setting: "PLENARY_PORT" });
  log.info({ address: urlOf(app), queue: queue.store.name }, "ready");
  return async () => {
    await app.close();
    await service.close();
  };
}
