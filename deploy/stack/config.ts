import { resolve } from "node:path";
import { LocalStackError } from "./errors.ts";

/** What `npm start` takes from the environment; .env.example documents each variable. */
export interface Config {
  readonly home: string;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly rpcUrl: string | undefined;
  readonly servicePort: DemandedPort;
  readonly localnetPort: DemandedPort;
  /** Folders to look for redis-server in. */
  readonly searchPath: string;
  /** The folder that the command was given in: relative paths among its options are meant from there. */
  readonly callerFolder: string;
  /** Everything, for the processes to inherit. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface DemandedPort {
  readonly preferred: number;
  /** The variable that demands it, if one does. */
  readonly demandedBy?: string;
}

const DEFAULT_SERVICE_PORT = 7070;
const DEFAULT_LOCALNET_PORT = 8899;

/** Reads the environment. Throws `option-invalid` naming a variable that is wrong. An empty variable counts as absent. */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  root: string,
): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => !!entry[1]),
  );
  return {
    home: resolve(root, given.PLENARY_HOME ?? ".plenary"),
    databaseUrl: url(given, "DATABASE_URL", ["postgres:", "postgresql:"]),
    redisUrl: url(given, "REDIS_URL", ["redis:", "rediss:"]),
    rpcUrl: url(given, "PLENARY_RPC_URL", ["http:", "https:"]),
    servicePort: port(given, "PLENARY_PORT", DEFAULT_SERVICE_PORT),
    localnetPort: port(given, "PLENARY_LOCALNET_PORT", DEFAULT_LOCALNET_PORT),
    searchPath: given.PATH ?? "",
    callerFolder: given.PLENARY_CALLER_FOLDER ?? root,
    environment: given,
  };
}

function url(
  given: Readonly<Record<string, string>>,
  name: string,
  protocols: readonly string[],
): string | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  if (protocols.includes(protocol)) return text;
  // The value itself may hold a password.
  throw new LocalStackError(
    "option-invalid",
    `${name} must be a URL that begins with ${protocols.join("// or ")}//.`,
    {
      variable: name,
    },
  );
}

function port(
  given: Readonly<Record<string, string>>,
  name: string,
  fallback: number,
): DemandedPort {
  const text = given[name];
  if (text === undefined) return { preferred: fallback };
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value >= 1 && value <= 65_535)
    return { preferred: value, demandedBy: name };
  throw new LocalStackError(
    "option-invalid",
    `${name} must be a port from 1 to 65535, not "${text}".`,
    {
      variable: name,
    },
  );
}
