import { readFileSync, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { fromBase58, PlenaryError, parserOf } from "@plenary/protocol";
import Type, { type Static } from "typebox";

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];

/** Settings of both processes, from the environment. An absent one takes its default. */
const EnvironmentSchema = Type.Object({
  PLENARY_HOST: Type.String({ minLength: 1, default: "127.0.0.1" }),
  PLENARY_PORT: Type.String({ pattern: "^[0-9]{1,5}$", default: "7070" }),
  DATABASE_URL: Type.String({ pattern: "^postgres(ql)?://" }),
  REDIS_URL: Type.Optional(Type.String({ pattern: "^rediss?://" })),
  PLENARY_RPC_URL: Type.String({ pattern: "^https?://" }),
  /** WebSocket of the chain; without it the RPC's port plus one, as Solana does. */
  PLENARY_RPC_WS_URL: Type.Optional(Type.String({ pattern: "^wss?://" })),
  PLENARY_BLOBS: Type.String({ minLength: 1 }),
  PLENARY_AGGREGATOR_KEY: Type.String({ minLength: 1 }),
  PLENARY_PROGRAM_ID: Type.String({ pattern: "^[1-9A-HJ-NP-Za-km-z]{32,44}$" }),
  PLENARY_LOG_LEVEL: Type.Union(
    LOG_LEVELS.map((level) => Type.Literal(level)),
    { default: "info" },
  ),
  /** Requests per minute from one address. */
  PLENARY_RATE_LIMIT: Type.String({ pattern: "^[1-9][0-9]{0,8}$", default: "12000" }),
  /** Per minute: signed requests by one key, and updates of one member. */
  PLENARY_SIGNED_RATE_LIMIT: Type.String({ pattern: "^[1-9][0-9]{0,8}$", default: "6000" }),
  PLENARY_UPLOAD_RATE_LIMIT: Type.String({ pattern: "^[1-9][0-9]{0,8}$", default: "120" }),
  /** Requests for predictions per minute from one address, each of up to 10,000 predictions. */
  PLENARY_PREDICTION_RATE_LIMIT: Type.String({ pattern: "^[1-9][0-9]{0,8}$", default: "120" }),
  /** Open connections from one address. */
  PLENARY_CONNECTION_LIMIT: Type.String({ pattern: "^[1-9][0-9]{0,5}$", default: "1000" }),
  /** Largest blob that an authority may upload. */
  PLENARY_MAX_BLOB_BYTES: Type.String({
    pattern: "^[1-9][0-9]{0,11}$",
    default: String(512 * 1024 * 1024),
  }),
  /** Password of the page /operator/queues (user "operator"); without it there is no such page. */
  PLENARY_OPERATOR_PASSWORD: Type.Optional(Type.String({ minLength: 12 })),
  /** Jobs that one worker does at the same time. */
  PLENARY_WORKER_CONCURRENCY: Type.String({ pattern: "^[1-9][0-9]?$", default: "4" }),
  /** Port of a worker's /livez, /readyz and /metrics; 0 takes any free one. */
  PLENARY_WORKER_PORT: Type.String({ pattern: "^[0-9]{1,5}$", default: "0" }),
});
type Settings = Static<typeof EnvironmentSchema>;
type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly workerPort: number;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly rpcUrl: string;
  readonly rpcWebSocketUrl: string | undefined;
  readonly blobFolder: string;
  /** Ed25519 secret key (64 bytes) that signs receipts and pays for transactions. */
  readonly aggregatorKey: Uint8Array;
  readonly programId: Uint8Array;
  readonly logLevel: string;
  readonly requestsPerMinute: number;
  readonly signedRequestsPerMinute: number;
  readonly uploadsPerMinute: number;
  readonly predictionsPerMinute: number;
  readonly connectionsPerAddress: number;
  readonly maxBlobBytes: number;
  readonly operatorPassword: string | undefined;
  readonly workerConcurrency: number;
}

const parse = parserOf(EnvironmentSchema, "Environment");

/**
 * Reads and checks the environment. Throws `invalid-input`, `file-unreadable` or
 * `file-permissions`, naming the variable.
 */
export function readConfig(environment: Environment = process.env): Config {
  const settings = parse(withDefaults(environment));
  return {
    host: settings.PLENARY_HOST,
    port: portOf(settings, "PLENARY_PORT"),
    workerPort: portOf(settings, "PLENARY_WORKER_PORT"),
    databaseUrl: settings.DATABASE_URL,
    redisUrl: settings.REDIS_URL,
    rpcUrl: settings.PLENARY_RPC_URL,
    rpcWebSocketUrl: settings.PLENARY_RPC_WS_URL,
    blobFolder: isAbsolute(settings.PLENARY_BLOBS)
      ? settings.PLENARY_BLOBS
      : resolve(settings.PLENARY_BLOBS),
    aggregatorKey: readKey(settings.PLENARY_AGGREGATOR_KEY),
    programId: fromBase58(settings.PLENARY_PROGRAM_ID),
    logLevel: settings.PLENARY_LOG_LEVEL,
    requestsPerMinute: Number(settings.PLENARY_RATE_LIMIT),
    signedRequestsPerMinute: Number(settings.PLENARY_SIGNED_RATE_LIMIT),
    uploadsPerMinute: Number(settings.PLENARY_UPLOAD_RATE_LIMIT),
    predictionsPerMinute: Number(settings.PLENARY_PREDICTION_RATE_LIMIT),
    connectionsPerAddress: Number(settings.PLENARY_CONNECTION_LIMIT),
    maxBlobBytes: Number(settings.PLENARY_MAX_BLOB_BYTES),
    operatorPassword: settings.PLENARY_OPERATOR_PASSWORD,
    workerConcurrency: Number(settings.PLENARY_WORKER_CONCURRENCY),
  };
}

/** The log level. Read on its own, because errors in the rest of the environment are logged too. */
export function readLogLevel(environment: Environment = process.env): string {
  const level = environment.PLENARY_LOG_LEVEL ?? "";
  return LOG_LEVELS.includes(level) ? level : "info";
}

/** Only known variables, an empty one counted as absent, defaults filled in. */
function withDefaults(environment: Environment): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, schema] of Object.entries(EnvironmentSchema.properties)) {
    const fallback =
      "default" in schema && typeof schema.default === "string" ? schema.default : undefined;
    const value = environment[name] || fallback;
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}

function portOf(settings: Settings, name: "PLENARY_PORT" | "PLENARY_WORKER_PORT"): number {
  const port = Number(settings[name]);
  if (port > 65_535)
    throw new PlenaryError(
      "invalid-input",
      `Environment: ${name} must be a port up to 65535, not ${port}.`,
      {
        field: name,
      },
    );
  return port;
}

/** A Solana keypair file: a JSON array of 64 bytes. */
function readKey(path: string): Uint8Array {
  const context = { field: "PLENARY_AGGREGATOR_KEY", path };
  let bytes: unknown;
  try {
    bytes = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new PlenaryError(
      "file-unreadable",
      `Cannot read the aggregator's keypair file ${path}: PLENARY_AGGREGATOR_KEY must name a Solana keypair file.`,
      context,
      { cause },
    );
  }
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0)
    throw new PlenaryError(
      "file-permissions",
      `Others can read the aggregator's keypair file ${path}: run chmod 600 on it.`,
      context,
    );
  if (!isKeypair(bytes))
    throw new PlenaryError(
      "invalid-input",
      `${path} is not a Solana keypair file, which is a JSON array of 64 bytes.`,
      context,
    );
  return Uint8Array.from(bytes);
}

function isKeypair(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length === 64 &&
    value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
  );
}
