import { PlenaryError } from "@plenary/protocol";

const CONNECTION_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ETIMEDOUT",
]);

/**
 * PostgreSQL's error codes that are not about the query: connection (08), authorization (28),
 * resources (53), intervention such as a shutdown (57P), the system (58), a session that can only
 * read (25006), and a database that takes no connections (55000).
 */
const UNUSABLE = /^(08...|28...|53...|57P..|58...|25006|55000)$/;

const CONNECTION_MESSAGE =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/**
 * Whether an error says that the database cannot be used at present, and nothing about the query.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && typeof error.code === "string")
    if (CONNECTION_CODES.has(error.code) || UNUSABLE.test(error.code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  return CONNECTION_MESSAGE.test(error.message);
}

/** Whether an insert met a row that another transaction has just written. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}

export function databaseUnavailable(cause: unknown): PlenaryError {
  return new PlenaryError(
    "database-unavailable",
    "The service cannot use its database. Nothing accepted was lost; try again in a moment.",
    {},
    { cause },
  );
}
