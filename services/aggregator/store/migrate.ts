import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import { databaseUnavailable, isDatabaseUnavailable } from "./database-errors.ts";

const FOLDER = fileURLToPath(new URL("../../../migrations", import.meta.url));

/**
 * Brings the database to the newest schema, or with `down` back by `count` migrations. Processes
 * that start at the same time wait for each other. Resolves with the names of the migrations that
 * ran. Throws `database-unavailable` if the database cannot be used.
 */
export async function migrate(
  databaseUrl: string,
  direction: "up" | "down" = "up",
  count = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  try {
    const ran = await runner({
      databaseUrl,
      dir: FOLDER,
      migrationsTable: "migrations",
      direction,
      count,
      advisoryLockMode: "wait",
      checkOrder: true,
      log: () => {},
    });
    return ran.map(({ name }) => name);
  } catch (error) {
    throw isDatabaseUnavailable(error) ? databaseUnavailable(error) : error;
  }
}
