import { PlenaryError } from "@plenary/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../rounds/context.ts";

/** Something that the service needs; `check` throws while it is not there. */
export interface Dependency {
  readonly name: string;
  check(): Promise<unknown>;
}

const CHECK_MILLISECONDS = 3_000;

/** What the service cannot work without, and the queue, without which it still accepts updates. */
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

/** /healthz: the process lives. /readyz: everything that it needs answers; 503 names what does not. */
export function mountHealth(app: FastifyInstance, dependencies: readonly Dependency[]): void {
  app.get("/healthz", { schema: { hide: true } }, async () => ({ status: "ok" }));
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
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${name} did not answer in time`)),
      CHECK_MILLISECONDS,
    );
  });
  try {
    await Promise.race([check(), late]);
    return { name };
  } catch (error) {
    return { name, error };
  } finally {
    clearTimeout(timer);
  }
}

function describe(error: unknown): string {
  return error instanceof PlenaryError ? error.code : "unavailable";
}
