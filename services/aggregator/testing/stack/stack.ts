import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAM_ID } from "@plenary/chain";
import { openDatabase, openHome, Ports, Supervisor } from "@plenary/stack";
import { Connection, Keypair } from "@solana/web3.js";
import { freePort, repositoryFile, startProcess, type TestProcess } from "./processes.ts";

type Environment = Record<string, string>;

/** What is wrong with a process, on purpose. */
export interface Flaws {
  /** Path of the fault plan (testing/faults/fault-plan.ts) by which it breaks. */
  readonly faults?: string;
  /** Cheats of a worker, as testing/actors/cheats.ts reads them. */
  readonly cheats?: readonly string[];
}

/** The real parts that the service stands on, each a process of its own. */
export interface Stack {
  readonly folder: string;
  readonly databaseUrl: string;
  /** Undefined: the queue lives in the database. */
  readonly redisUrl: string | undefined;
  readonly rpcUrl: string;
  readonly aggregator: Keypair;
  redis: TestProcess | undefined;
  localnet: TestProcess;
  /** Environment of server and worker, on `port`. */
  environment(port: number): Record<string, string>;
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
  /** Lets time pass on a hurried chain, at once: less than a blockhash's lifetime (60 s) leaves what has been signed valid. */
  passTime(seconds: number): void;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Whether the queue is Redis; else PostgreSQL. */
  readonly redis: boolean;
  /** Whether time can be let pass on the chain. */
  readonly hurried?: boolean;
}

/** Starts PostgreSQL, Redis unless told otherwise, and a local chain with the program. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), "plenary-aggregator-"));
  const database = await startDatabase(join(folder, "home"));
  const redisPort = await freePort();
  const startRedis = () => startRedisServer(redisPort, folder);
  let redis = options.redis ? await startRedis() : undefined;
  const rpcPort = await freePort();
  const clockFile = join(folder, "clock");
  let ahead = 0;
  const passTime = (seconds: number) => {
    if (options.hurried !== true)
      throw new Error("Time passes by itself on a chain that is not hurried.");
    ahead += seconds * 1_000;
    writeFileSync(`${clockFile}.new`, String(ahead));
    renameSync(`${clockFile}.new`, clockFile);
  };
  if (options.hurried === true) passTime(0);
  const startLocalnet = () =>
    startNode(rpcPort, join(folder, "ledger"), options.hurried === true ? clockFile : undefined);
  let localnet = await startLocalnet();
  const rpcUrl = `http://127.0.0.1:${rpcPort}`;
  const aggregator = Keypair.generate();
  const keyFile = join(folder, "aggregator.json");
  writeFileSync(keyFile, JSON.stringify([...aggregator.secretKey]), { mode: 0o600 });
  await fund(new Connection(rpcUrl, "confirmed"), aggregator);
  const redisUrl = options.redis ? `redis://127.0.0.1:${redisPort}` : undefined;
  const processes: TestProcess[] = [];
  const environment = (port: number): Record<string, string> => ({
    DATABASE_URL: database.url,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    PLENARY_PORT: String(port),
    PLENARY_RPC_URL: rpcUrl,
    PLENARY_BLOBS: join(folder, "blobs"),
    PLENARY_AGGREGATOR_KEY: keyFile,
    PLENARY_PROGRAM_ID: PROGRAM_ID.toBase58(),
  });
  const startService = async (
    [file, ...parameters]: Command,
    port: number,
    change: Environment = {},
  ): Promise<TestProcess> => {
    const args = [repositoryFile(`services/aggregator/${file}`), ...parameters];
    const started = await startProcess(process.execPath, args, {
      env: { ...environment(port), ...change },
      ready: '"msg":"ready"',
    });
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
      return localnet;
    },
    environment,
    startServer: (port, change, flaws) => startService(serverWith(flaws), port, change),
    startWorker: (change, flaws) => startService(workerWith(flaws), 0, change),
    killDatabase: () => database.kill(),
    async restartRedis() {
      await redis?.kill();
      redis = await startRedis();
    },
    async restartLocalnet() {
      await localnet.kill();
      localnet = await startLocalnet();
    },
    passTime,
    async stop() {
      for (const started of processes.reverse()) await started.stop();
      await localnet.stop();
      await redis?.stop();
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Command = readonly [file: string, ...parameters: string[]];

function serverWith({ faults }: Pick<Flaws, "faults"> = {}): Command {
  if (faults === undefined) return ["processes/server.ts"];
  return ["testing/faults/breaking-server.ts", faults];
}

function workerWith({ faults, cheats = [] }: Flaws = {}): Command {
  if (faults !== undefined) return ["testing/faults/breaking-worker.ts", faults, ...cheats];
  if (cheats.length > 0) return ["testing/actors/cheating-worker.ts", ...cheats];
  return ["processes/worker.ts"];
}

/** A PostgreSQL of the test's own. */
export async function startDatabase(
  folder: string,
): Promise<{ url: string; kill(): void; stop(): Promise<void> }> {
  const home = await openHome(folder);
  const supervisor = new Supervisor(home, () => {});
  const url = await openDatabase({
    url: undefined,
    home,
    supervisor,
    ports: new Ports(),
    log: () => {},
  });
  return {
    url,
    kill() {
      const [pid] = readFileSync(join(folder, "postgres", "data", "postmaster.pid"), "utf8").split(
        "\n",
      );
      process.kill(Number(pid), "SIGKILL");
    },
    async stop() {
      await supervisor.stop();
      home.close();
    },
  };
}

/** A Redis that keeps nothing: what is lost with it must not matter. */
export function startRedisServer(
  port: number,
  folder: string,
  settings: readonly string[] = [],
): Promise<TestProcess> {
  const args = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
    "--dir",
    folder,
    ...settings,
  ];
  return startProcess("redis-server", args, { ready: "Ready to accept connections" });
}

function startNode(
  port: number,
  ledger: string,
  clockFile: string | undefined,
): Promise<TestProcess> {
  if (clockFile === undefined)
    return startProcess(process.execPath, [repositoryFile("services/localnet/main.ts")], {
      env: { PLENARY_LOCALNET_PORT: String(port), PLENARY_LOCALNET_LEDGER: ledger },
      ready: '"msg":"ready"',
    });
  const args = [
    repositoryFile("services/localnet/testing/hurried-node.ts"),
    String(port),
    ledger,
    clockFile,
  ];
  return startProcess(process.execPath, args, { ready: '"msg":"ready"' });
}

async function fund(connection: Connection, owner: Keypair): Promise<void> {
  await connection.confirmTransaction(
    await connection.requestAirdrop(owner.publicKey, 1_000_000_000_000),
  );
}
