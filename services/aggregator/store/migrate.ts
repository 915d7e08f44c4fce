import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import { databaseUnavailable, isConnectionFailure } from "./database.ts";

const FOLDER = fileURLToPath(new URL("../../../migrations", import.meta.url));

/**
 * Brings the database to the newest schema, or with `down` back by `count` migrations. Processes that start together wait for each other.
 * Returns the names of the migrations that ran. Throws `database-unavailable` if there is no database.
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
    throw isConnectionFailure(error) ? databaseUnavailable(error) : error;
  }
}
