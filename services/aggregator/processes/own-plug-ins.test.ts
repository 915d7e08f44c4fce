import assert from "node:assert/strict";
import { test } from "node:test";
import { REGISTRIES } from "@plenary/algorithms";
import type { Config } from "./config.ts";
import { createLog, type ServiceSettings } from "./service.ts";
import { startServer } from "./start-server.ts";
import { startWorker } from "./start-worker.ts";

for (const start of [startServer, startWorker])
  test(`${start.name} opens the service with the operator's plug-ins`, async () => {
    const registries = { ...REGISTRIES };
    const opened: Partial<ServiceSettings>[] = [];
    const open = async (
      _config: Config,
      _log: unknown,
      settings: Partial<ServiceSettings> = {},
    ) => {
      opened.push(settings);
      throw new Error("opened");
    };
    // No process is needed to see what it would open.
    const config = {} as Config;
    const started = start(createLog("test", "silent"), { config, open, registries });
    await assert.rejects(started, { message: "opened" });
    assert.equal(opened.length, 1);
    assert.equal(opened[0]?.registries, registries);
  });
