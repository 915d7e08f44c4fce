import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAM_ID } from "@plenary/chain";
import type { Keypair } from "@solana/web3.js";
import { opened } from "../../../../testing/index.ts";
import { startDatabase } from "./database.ts";
import { fundedKeypair, startLocalnet } from "./localnet.ts";
import { freePort, repositoryFile, startProcess, type TestProcess } from "./processes.ts";
import { startRedisServer } from "./redis.ts";

type Environment = Record<string, string>;

/** What is wrong with a process, on purpose. */
export interface Flaws {
  /** Path of the fault plan (testing/faults/fault-plan.ts) by which it breaks. */
  readonly faults?: string;
  /** Cheats of a worker, as testing/actors/cheats.ts reads them. */
  readonly cheats?: readonly string[];
}

/** The real parts that the service needs, each a process of its own. */
export interface Stack {
  readonly folder: string;
  readonly databaseUrl: string;
  /** Undefined: the queue lives in the database. */
  readonly redisUrl: string | undefined;
  readonly rpcUrl: string;
  readonly aggregator: Keypair;
  readonly redis: TestProcess | undefined;
  readonly localnet: TestProcess;
  /** Environment of server and worker, on `port`. */
  environment(port: number): Environment;
  /** `change` replaces variables of the environment. */
  startServer(
    port: number,
    change?: Environment,
    flaws?: Pick<Flaws, "faults">,
  ): Promise<TestProcess>;
  startWorker(change?: Environment, flaws?: Flaws): Promise<TestProcess>;
  /** SIGKILL of PostgreSQL, which is then started again. */
  killDatabase(): void;
  restartRedis(): Promise<void>;
  restartLocalnet(): Promise<void>;
  /** As Localnet.passTime. */
  passTime(seconds: number): void;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Whether the queue is Redis; otherwise it is PostgreSQL. */
  readonly redis: boolean;
  /** Whether a test can let time pass on the chain. */
  readonly hurried?: boolean;
}

/** Starts PostgreSQL, a local chain with the program, and Redis if wanted. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), "plenary-aggregator-"));
  const removeFolder = opened(() => rmSync(folder, { recursive: true, force: true }));
  const redisPort = await freePort();
  const startRedis = () => startRedisServer(redisPort, folder);
  const [database, localnet, firstRedis] = await Promise.all([
    startDatabase(join(folder, "home")),
    startLocalnet(folder, options.hurried === true),
    options.redis ? startRedis() : undefined,
  ]);
  let redis = firstRedis;
  const { rpcUrl } = localnet;
  const aggregator = await fundedKeypair(rpcUrl);
  const keyFile = join(folder, "aggregator.json");
  writeFileSync(keyFile, JSON.stringify([...aggregator.secretKey]), { mode: 0o600 });
  const redisUrl = options.redis ? `redis://127.0.0.1:${redisPort}` : undefined;
  const environment = (port: number): Environment => ({
    DATABASE_URL: database.url,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    PLENARY_PORT: String(port),
    PLENARY_RPC_URL: rpcUrl,
    PLENARY_BLOBS: join(folder, "blobs"),
    PLENARY_AGGREGATOR_KEY: keyFile,
    PLENARY_PROGRAM_ID: PROGRAM_ID.toBase58(),
  });
  const processes: TestProcess[] = [];
  const startService = async (command: Command, port: number, change: Environment = {}) => {
    const started = await startCommand(command, { ...environment(port), ...change });
    processes.push(started);
    return started;
  };
  return {
    folder,
    databaseUrl: database.url,
    redisUrl,
    rpcUrl,
    aggregator,
    get redis() {
      return redis;
    },
    get localnet() {
      return localnet.process;
    },
    environment,
    startServer: (port, change, flaws) => startService(serverWith(flaws), port, change),
    startWorker: (change, flaws) => startService(workerWith(flaws), 0, change),
    killDatabase: () => database.kill(),
    async restartRedis() {
      await redis?.kill();
      redis = await startRedis();
    },
    restartLocalnet: () => localnet.restart(),
    passTime: (seconds) => localnet.passTime(seconds),
    async stop() {
      // The service ends while what it needs still answers.
      await Promise.all(processes.map((started) => started.stop()));
      await Promise.all([localnet.process.stop(), redis?.stop(), database.stop()]);
      await removeFolder();
    },
  };
}

type Command = readonly [file: string, ...parameters: string[]];

function startCommand([file, ...parameters]: Command, env: Environment): Promise<TestProcess> {
  const args = [repositoryFile(`services/aggregator/${file}`), ...parameters];
  return startProcess(process.execPath, args, { env, ready: '"msg":"ready"' });
}

function serverWith({ faults }: Pick<Flaws, "faults"> = {}): Command {
  if (faults === undefined) return ["processes/server.ts"];
  return ["testing/faults/breaking-server.ts", faults];
}

function workerWith({ faults, cheats = [] }: Flaws = {}): Command {
  if (faults !== undefined) return ["testing/faults/breaking-worker.ts", faults, ...cheats];
  if (cheats.length > 0) return ["testing/actors/cheating-worker.ts", ...cheats];
  return ["processes/worker.ts"];
}
