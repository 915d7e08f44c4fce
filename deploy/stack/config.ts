import { LocalStackError } from "./errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the stack takes from the environment; .env.example documents each variable. */
export interface StackConfig {
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly rpcUrl: string | undefined;
  readonly programId: string | undefined;
  readonly service: ListenWish;
  readonly localnet: ListenWish;
  /** Folders in which to look for redis-server. */
  readonly searchPath: string;
  /** The whole environment, for the processes to inherit. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where a part of the stack is to listen. */
export interface ListenWish {
  readonly host: string;
  /** The variable that names the host. */
  readonly hostVariable: string;
  readonly preferred: number;
  /** The variable that demands this port, if one does: without one, another free port will do. */
  readonly demandedBy?: string;
}

const LOOPBACK = "127.0.0.1";
const DEFAULT_SERVICE_PORT = 7070;
const DEFAULT_LOCALNET_PORT = 8899;

/**
 * Reads the stack's part of the environment. An empty variable counts as absent.
 * Throws `option-invalid`, naming the variable that is wrong.
 */
export function readStackConfig(environment: Environment): StackConfig {
  const given = withoutEmpty(environment);
  return {
    databaseUrl: url(given, "DATABASE_URL", ["postgres:", "postgresql:"]),
    redisUrl: url(given, "REDIS_URL", ["redis:", "rediss:"]),
    rpcUrl: url(given, "PLENARY_RPC_URL", ["http:", "https:"]),
    programId: given.PLENARY_PROGRAM_ID,
    service: {
      host: given.PLENARY_HOST ?? LOOPBACK,
      hostVariable: "PLENARY_HOST",
      ...port(given, "PLENARY_PORT", DEFAULT_SERVICE_PORT),
    },
    localnet: {
      host: given.PLENARY_LOCALNET_HOST ?? LOOPBACK,
      hostVariable: "PLENARY_LOCALNET_HOST",
      ...port(given, "PLENARY_LOCALNET_PORT", DEFAULT_LOCALNET_PORT),
    },
    searchPath: given.PATH ?? "",
    environment: given,
  };
}

/** The environment with the variables that have a value. */
function withoutEmpty(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => !!entry[1]),
  );
}

function url(given: Environment, name: string, protocols: readonly string[]): string | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  if (protocols.includes(protocol)) return text;
  // The value itself may hold a password.
  throw new LocalStackError(
    "option-invalid",
    `${name} must be a URL that begins with ${protocols.join("// or ")}//.`,
    { variable: name },
  );
}

function port(
  given: Environment,
  name: string,
  fallback: number,
): Pick<ListenWish, "preferred" | "demandedBy"> {
  const text = given[name];
  if (text === undefined) return { preferred: fallback };
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value >= 1 && value <= 65_535)
    return { preferred: value, demandedBy: name };
  throw new LocalStackError(
    "option-invalid",
    `${name} must be a port from 1 to 65535, not "${text}".`,
    { variable: name },
  );
}
