import { join } from "node:path";
import { PROGRAM_ID } from "@plenary/chain";
import { Connection, PublicKey } from "@solana/web3.js";
import type { StackConfig } from "./config.ts";
import { openDatabase } from "./database/postgres.ts";
import { LocalStackError } from "./errors.ts";
import type { Home } from "./home.ts";
import { keepKeypair, keypairFile } from "./keys.ts";
import { openQueue } from "./queue/redis.ts";
import type { Ports } from "./supervisor/ports.ts";
import type { ProcessDescription, Supervisor } from "./supervisor/processes.ts";

/** Log levels at which the processes do not say that they are ready. */
const QUIET = /^(warn|error|fatal|silent)$/;
const READY_REQUEST_MS = 2_000;

export interface StackSettings {
  readonly config: StackConfig;
  /** Folder of the repository. */
  readonly root: string;
  readonly home: Home;
  readonly supervisor: Supervisor;
  readonly ports: Ports;
  readonly log: (line: string) => void;
  /** Script, below the repository's folder, and arguments of another working process than the service's own. */
  readonly worker?: readonly [string, ...string[]];
}

/** Where the running parts answer. */
export interface Stack {
  readonly rpcUrl: string;
  readonly serviceUrl: string;
  readonly program: PublicKey;
  /** Whether the chain is this stack's own, on which money is free. */
  readonly ownChain: boolean;
}

/** Starts database, queue and chain, each unless the environment names one, then the service's two processes. */
export async function startStack(settings: StackSettings): Promise<Stack> {
  const { config, log } = settings;
  const program = new PublicKey(config.programId ?? PROGRAM_ID);
  const [databaseUrl, redisUrl, rpcUrl] = await Promise.all([
    openDatabase({ ...settings, url: config.databaseUrl }),
    openQueue({ ...settings, url: config.redisUrl, searchPath: config.searchPath }),
    openChain(settings, program),
  ]);
  const environment = serviceEnvironment(settings, { databaseUrl, redisUrl, rpcUrl, program });
  const { supervisor, ports } = settings;
  const [worker, ...args] = settings.worker ?? ["services/aggregator/processes/worker.ts"];
  const [port] = await Promise.all([
    supervisor.startOnPort(ports, { purpose: "the service", ...config.service }, (candidate) =>
      nodeProcess(settings, "server", "services/aggregator/processes/server.ts", {
        environment: { ...environment, PLENARY_PORT: String(candidate) },
        url: localUrl(candidate),
      }),
    ),
    supervisor.startOnPort(ports, { purpose: "the worker's health" }, (candidate) =>
      nodeProcess(settings, "worker", worker, {
        args,
        environment: { ...environment, PLENARY_WORKER_PORT: String(candidate) },
        url: localUrl(candidate),
      }),
    ),
  ]);
  const serviceUrl = localUrl(port);
  log(`Service: ${serviceUrl}`);
  return { rpcUrl, serviceUrl, program, ownChain: config.rpcUrl === undefined };
}

async function openChain(settings: StackSettings, program: PublicKey): Promise<string> {
  const { config, home, ports, supervisor, log } = settings;
  if (config.rpcUrl !== undefined) {
    await requireProgram(config.rpcUrl, program);
    log("Chain: the one of PLENARY_RPC_URL");
    return config.rpcUrl;
  }
  const wish = { purpose: "the local chain", count: 2, ...config.localnet };
  const port = await supervisor.startOnPort(ports, wish, (candidate) => ({
    ...nodeProcess(settings, "localnet", "services/localnet/main.ts", {
      environment: {
        ...config.environment,
        PLENARY_LOCALNET_PORT: String(candidate),
        PLENARY_LOCALNET_LEDGER: home.folder("localnet"),
      },
      url: localUrl(candidate),
    }),
    ready: () => isHealthy(localUrl(candidate)),
  }));
  log(`Chain: local Solana node on ${localUrl(port)}`);
  return localUrl(port);
}

function localUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export interface NodeProcessSettings {
  readonly environment: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Where a process that listens answers /readyz. */
  readonly url?: string;
}

/** A process of this repository, run by the Node that runs this one. */
export function nodeProcess(
  { root }: Pick<StackSettings, "root">,
  name: string,
  script: string,
  { environment, args = [], url }: NodeProcessSettings,
): ProcessDescription {
  const description = {
    name,
    command: process.execPath,
    args: [join(root, script), ...args],
    cwd: root,
    env: environment,
  };
  if (url === undefined) return { ...description, ready: async () => true, restart: "on-failure" };
  return {
    ...description,
    ready: () => isReady(`${url}/readyz`),
    restart: "always",
    ...(QUIET.test(environment.PLENARY_LOG_LEVEL ?? "") ? {} : { readyLine: '"msg":"ready"' }),
  };
}

interface Addresses {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly rpcUrl: string;
  readonly program: PublicKey;
}

function serviceEnvironment(settings: StackSettings, addresses: Addresses): Record<string, string> {
  const { config, home } = settings;
  keepKeypair(home, "aggregator");
  const environment: Record<string, string> = {
    ...config.environment,
    DATABASE_URL: addresses.databaseUrl,
    PLENARY_RPC_URL: addresses.rpcUrl,
    PLENARY_PROGRAM_ID: addresses.program.toBase58(),
    PLENARY_BLOBS: home.folder("blobs"),
    PLENARY_AGGREGATOR_KEY: keypairFile(home, "aggregator"),
  };
  delete environment.REDIS_URL;
  if (addresses.redisUrl !== null) environment.REDIS_URL = addresses.redisUrl;
  return environment;
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(READY_REQUEST_MS) });
  return response.ok;
}

async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "getHealth" }),
    signal: AbortSignal.timeout(READY_REQUEST_MS),
  });
  const answer: unknown = await response.json();
  return (
    typeof answer === "object" && answer !== null && "result" in answer && answer.result === "ok"
  );
}

async function requireProgram(url: string, program: PublicKey): Promise<void> {
  const address = program.toBase58();
  const account = await new Connection(url, {
    commitment: "confirmed",
    disableRetryOnRateLimit: true,
  })
    .getAccountInfo(program)
    .catch((cause: unknown) => {
      throw new LocalStackError(
        "chain-unavailable",
        "The chain of PLENARY_RPC_URL does not answer. Correct the variable, or unset it to use a local chain.",
        {},
        { cause },
      );
    });
  if (account?.executable) return;
  throw new LocalStackError(
    "chain-unavailable",
    `The program ${address} is not deployed on the chain of PLENARY_RPC_URL. Deploy programs/plenary.so there, or set PLENARY_PROGRAM_ID to where it is.`,
    { program: address },
  );
}
