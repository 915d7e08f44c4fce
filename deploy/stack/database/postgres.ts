import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { LocalStackError, systemCode } from "../errors.ts";
import { type Home, replaceFile } from "../home.ts";
import type { Ports } from "../network/ports.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { type DatabaseUser, locateBinaries, type PostgresBinaries } from "./postgres-binaries.ts";

const ROLE = "plenary";
const DATABASE = "plenary";
/** initdb demands a user that has a name on the system. */
const UNPRIVILEGED_USER = "nobody";
const CONNECT_TIMEOUT_MS = 5_000;

export interface DatabaseSettings {
  /** The value of DATABASE_URL: a PostgreSQL that already runs. */
  readonly url: string | undefined;
  readonly home: Home;
  readonly ports: Ports;
  readonly supervisor: Supervisor;
  readonly log: (line: string) => void;
}

/**
 * The URL of the stack's database: the given one if it answers, else that of a PostgreSQL from
 * the npm packages, started on loopback with its data in the home and a random password. Commits
 * are durable (fsync on).
 */
export async function openDatabase(settings: DatabaseSettings): Promise<string> {
  const { url, log } = settings;
  if (url === undefined) return startEmbedded(settings);
  const failure = await tryConnect(url);
  if (failure !== null) {
    throw new LocalStackError(
      "database-unavailable",
      `The database of DATABASE_URL does not answer (${failure}). Start it, correct the variable, or unset it to use the built-in PostgreSQL.`,
      {},
    );
  }
  log("Database: the one of DATABASE_URL");
  return url;
}

async function startEmbedded({ home, ports, supervisor, log }: DatabaseSettings): Promise<string> {
  const cluster = describeCluster(home);
  const binaries = locateBinaries(cluster.user);
  if (!existsSync(cluster.marker)) {
    log("Database: creating a PostgreSQL cluster (once)");
    await initialise(cluster, binaries, supervisor);
  }
  removeForeignPidFile(cluster.data);
  const password = readFileSync(cluster.password, "utf8").trim();
  const urlOf = (port: number, database: string) =>
    `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${database}`;
  const port = await supervisor.startOnPort(ports, { purpose: "the database" }, (candidate) => ({
    name: "postgres",
    command: binaries.postgres,
    args: serverArguments(cluster.address, candidate),
    cwd: cluster.data,
    env: databaseEnvironment(),
    ready: async () => (await tryConnect(urlOf(candidate, "postgres"))) === null,
    // "Fast" shutdown: sessions are ended, what is committed stays.
    stopSignal: "SIGINT",
    restart: "always",
    ...cluster.user,
  }));
  await createDatabase(urlOf(port, "postgres"));
  log(`Database: PostgreSQL on 127.0.0.1:${port}`);
  return urlOf(port, DATABASE);
}

interface Cluster {
  readonly folder: string;
  readonly data: string;
  /** How the server process itself names its data folder. */
  readonly address: string;
  readonly password: string;
  /** Written when initdb has finished: without it, the folder does not hold a whole cluster. */
  readonly marker: string;
  readonly user: DatabaseUser | null;
}

/**
 * PostgreSQL refuses to run as root, so root runs it as an unprivileged user. That user may not
 * be able to enter the folders above the data (a clone below a 0700 folder). The server is
 * therefore started *in* its data folder, which root may enter, and told to find it at
 * /proc/self/cwd: the kernel follows that link without walking the path.
 */
function describeCluster(home: Home): Cluster {
  const folder = home.folder("postgres");
  const data = join(folder, "data");
  const user = process.geteuid?.() === 0 ? chooseUser(data) : null;
  const throughCwd = user !== null && process.platform === "linux";
  return {
    folder,
    data,
    address: throughCwd ? "/proc/self/cwd" : data,
    password: join(folder, "password"),
    marker: join(folder, "initialised"),
    user,
  };
}

/** The owner of an existing cluster, else the unprivileged user. */
function chooseUser(data: string): DatabaseUser {
  const stat = statSync(data, { throwIfNoEntry: false });
  if (stat !== undefined && stat.uid !== 0) return { uid: stat.uid, gid: stat.gid };
  return { uid: askId("-u"), gid: askId("-g") };
}

function askId(option: "-u" | "-g"): number {
  const { stdout, status } = spawnSync("id", [option, UNPRIVILEGED_USER], { encoding: "utf8" });
  if (status === 0) return Number(stdout);
  throw new LocalStackError(
    "platform-unsupported",
    `PostgreSQL refuses to run as root, and there is no user "${UNPRIVILEGED_USER}" here to run it as. Run as an ordinary user, or set DATABASE_URL.`,
  );
}

/** Throws `platform-unsupported` if the user that PostgreSQL is to run as has no name here. */
function requireUserName(user: DatabaseUser | null): void {
  if (user !== null) return;
  try {
    userInfo();
  } catch (cause) {
    const uid = process.geteuid?.() ?? -1;
    throw new LocalStackError(
      "platform-unsupported",
      `The user id ${uid} has no name on this system, and PostgreSQL's initdb wants one. Add it to /etc/passwd, run as a user that has a name, or set DATABASE_URL to a PostgreSQL of yours.`,
      { uid },
      { cause },
    );
  }
}

async function initialise(
  cluster: Cluster,
  { initdb }: PostgresBinaries,
  supervisor: Supervisor,
): Promise<void> {
  const { folder, data, address, password, marker, user } = cluster;
  requireUserName(user);
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { mode: 0o700 });
  const secret = randomBytes(24).toString("base64url");
  replaceFile(password, `${secret}\n`);
  // initdb reads the password from a file that its user can read, beside the data.
  const handover = join(folder, "password-for-initdb");
  writeFileSync(handover, `${secret}\n`, { mode: 0o600 });
  if (user !== null) for (const path of [folder, data, handover]) giveTo(path, user);
  const args = [
    // Not joined: ".." has to be walked from the folder that the link leads to.
    ...["-D", address, "-U", ROLE, "--pwfile", `${address}/../password-for-initdb`],
    ...["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"],
  ];
  const env = databaseEnvironment();
  const description = {
    name: "initdb",
    command: initdb,
    args,
    cwd: data,
    env,
    ready: async () => false,
    ...user,
  };
  await (await supervisor.start(description)).ended;
  rmSync(handover);
  replaceFile(marker, "");
}

function giveTo(path: string, { uid, gid }: DatabaseUser): void {
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    throw new LocalStackError(
      "platform-unsupported",
      `PostgreSQL refuses to run as root, and ${path} cannot be given to user ${uid} (${systemCode(error)}). Run as an ordinary user, or set DATABASE_URL.`,
      { path, uid },
      { cause: error },
    );
  }
}

function serverArguments(address: string, port: number): string[] {
  const options = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    // A socket's path would have to be short and reachable; loopback with a password needs
    // neither.
    unix_socket_directories: "",
    password_encryption: "scram-sha-256",
    fsync: "on",
    synchronous_commit: "on",
    shared_buffers: "64MB",
    max_connections: "100",
    jit: "off",
  };
  return [
    "-D",
    address,
    ...Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
}

/** Without the caller's variables: PGDATA, PGHOST and the like would redirect it. */
function databaseEnvironment(): Record<string, string> {
  return { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
}

/**
 * After a crash postmaster.pid stays, and PostgreSQL refuses to start while any process at all
 * has the number in it. The home's lock and the supervisor's records already rule out a second
 * server.
 */
function removeForeignPidFile(data: string): void {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file) || process.platform !== "linux") return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  try {
    if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() !== "postgres") rmSync(file);
  } catch {
    // Without a process of that number PostgreSQL starts.
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [
      DATABASE,
    ]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** Why a database does not answer, or null if it does. */
async function tryConnect(url: string): Promise<string | null> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A server that goes away between the answer and `end` must not end this process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
    return null;
  } catch (error) {
    return systemCode(error) || (error instanceof Error ? error.message : String(error));
  } finally {
    await client.end().catch(() => undefined);
  }
}
