import { PROGRAM_ID } from "@plenary/chain";
import { PublicKey } from "@solana/web3.js";
import { startLocalChain } from "./chain/local-chain.ts";
import { requireProgram } from "./chain/remote-chain.ts";
import type { StackConfig } from "./config.ts";
import { openDatabase } from "./database/postgres.ts";
import { serviceEnvironment } from "./environment.ts";
import type { Home } from "./home.ts";
import { keepKeypair, keypairFile } from "./keys.ts";
import { httpUrl, listeningNote } from "./network/addresses.ts";
import type { Ports } from "./network/ports.ts";
import { isReady, nodeServer } from "./node-process.ts";
import { openQueue } from "./queue/redis.ts";
import type { ProcessDescription } from "./supervisor/process-description.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";

/** Log levels at which the processes do not say that they are ready. */
const QUIET = /^(warn|error|fatal|silent)$/;
const READY = '"msg":"ready"';

export interface StackSettings {
  readonly config: StackConfig;
  /** Folder of the repository. */
  readonly root: string;
  readonly home: Home;
  readonly supervisor: Supervisor;
  readonly ports: Ports;
  readonly log: (line: string) => void;
  /**
   * Script, below the repository's folder, and arguments of a worker other than the service's.
   */
  readonly worker?: readonly [string, ...string[]];
  /**
   * Whether a process that hangs is ended (default true): a benchmark suspends some on purpose.
   */
  readonly endHung?: boolean;
}

/** Where the running parts answer. */
export interface Stack {
  readonly rpcUrl: string;
  readonly serviceUrl: string;
  readonly program: PublicKey;
  /** Whether the chain is this stack's own, on which money is free. */
  readonly ownChain: boolean;
}

/**
 * Starts database, queue and chain, each unless the environment names one, and then the two
 * processes of the service.
 */
export async function startStack(settings: StackSettings): Promise<Stack> {
  const { config, log, supervisor, ports } = settings;
  const program = new PublicKey(config.programId ?? PROGRAM_ID);
  const [databaseUrl, redisUrl, rpcUrl] = await Promise.all([
    openDatabase({ ...settings, url: config.databaseUrl }),
    openQueue({ ...settings, url: config.redisUrl, searchPath: config.searchPath }),
    openChain(settings, program),
  ]);
  const environment = environmentOf(settings, { databaseUrl, redisUrl, rpcUrl, program });
  const { host, hostVariable } = config.service;
  const [worker, ...args] = settings.worker ?? ["services/aggregator/processes/worker.ts"];
  const [port] = await Promise.all([
    supervisor.startOnPort(ports, { purpose: "the service", ...config.service }, (candidate) =>
      serviceProcess(settings, candidate, {
        name: "server",
        script: "services/aggregator/processes/server.ts",
        environment: { ...environment, PLENARY_PORT: String(candidate) },
      }),
    ),
    supervisor.startOnPort(
      ports,
      { purpose: "the worker's health", host, hostVariable },
      (candidate) =>
        serviceProcess(settings, candidate, {
          name: "worker",
          script: worker,
          args,
          environment: { ...environment, PLENARY_WORKER_PORT: String(candidate) },
        }),
    ),
  ]);
  const serviceUrl = httpUrl(host, port);
  log(`Service: ${serviceUrl}${listeningNote(host)}`);
  return { rpcUrl, serviceUrl, program, ownChain: config.rpcUrl === undefined };
}

async function openChain(settings: StackSettings, program: PublicKey): Promise<string> {
  const { rpcUrl } = settings.config;
  if (rpcUrl === undefined) return startLocalChain(settings);
  await requireProgram(rpcUrl, program);
  settings.log("Chain: the one of PLENARY_RPC_URL");
  return rpcUrl;
}

interface ServiceProcess {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

function serviceProcess(
  { root, config, endHung }: StackSettings,
  port: number,
  part: ServiceProcess,
): ProcessDescription {
  const url = httpUrl(config.service.host, port);
  const isQuiet = QUIET.test(part.environment.PLENARY_LOG_LEVEL ?? "");
  // Without its own word, another program on the same port could answer in its place.
  const ready = async (said: string) => (isQuiet || said.includes(READY)) && (await isReady(url));
  const { liveness, ...unwatched } = nodeServer({ root, ...part }, url, ready);
  return liveness === undefined || endHung === false ? unwatched : { ...unwatched, liveness };
}

interface Addresses {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly rpcUrl: string;
  readonly program: PublicKey;
}

function environmentOf(settings: StackSettings, addresses: Addresses): Record<string, string> {
  const { config, home } = settings;
  keepKeypair(home, "aggregator");
  const environment: Record<string, string> = {
    ...serviceEnvironment(config.environment),
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
