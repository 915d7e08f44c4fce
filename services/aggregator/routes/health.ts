import { PlenaryError } from "@plenary/protocol";
import type { FastifyInstance } from "fastify";
import pTimeout from "p-timeout";
import type { Context } from "../rounds/context.ts";

/** Something that the service needs; `check` throws while it is away. */
export interface Dependency {
  readonly name: string;
  check(): Promise<unknown>;
}

const CHECK_MILLISECONDS = 3_000;

/** All that the service needs. Without the queue alone it still accepts updates. */
export function dependenciesOf(context: Context, queue: Dependency): Dependency[] {
  return [
    { name: "database", check: () => context.database.ping() },
    queue,
    { name: "chain", check: () => context.ledger.now() },
    {
      name: "blobs",
      check: async () => {
        const problem = await context.blobs.problem();
        if (problem !== undefined) throw problem;
      },
    },
  ];
}

/** A supervisor must not take a busy process for a hung one, so that no limit applies to it. */
const UNLIMITED = { rateLimit: false, pressureHandler: () => {} };

/**
 * Mounts `/livez`, which answers as long as the process does: one that does not is to be restarted.
 * Mounts `/readyz`, which answers 200 if everything that the process needs can be used, else 503
 * naming what cannot.
 */
export function mountHealth(app: FastifyInstance, dependencies: readonly Dependency[]): void {
  app.get("/livez", { schema: { hide: true }, config: UNLIMITED }, async () => ({ status: "ok" }));
  app.get("/readyz", { schema: { hide: true } }, async (request, reply) => {
    const results = await Promise.all(dependencies.map((dependency) => checkOne(dependency)));
    for (const { error, name } of results)
      if (error !== undefined) request.log.warn({ err: error, dependency: name }, "not ready");
    const ready = results.every(({ error }) => error === undefined);
    const states = results.map(({ name, error }) => [
      name,
      error === undefined ? "ok" : describe(error),
    ]);
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? "ready" : "not ready", dependencies: Object.fromEntries(states) });
  });
}

async function checkOne({ name, check }: Dependency): Promise<{ name: string; error?: unknown }> {
  const message = `${name} did not answer in time`;
  try {
    await pTimeout(check(), { milliseconds: CHECK_MILLISECONDS, message });
    return { name };
  } catch (error) {
    return { name, error };
  }
}

function describe(error: unknown): string {
  return error instanceof PlenaryError ? error.code : "unavailable";
}
