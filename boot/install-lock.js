/**
 * Not the lock of @plenary/localnet: this one runs before there are packages, and on a Node that
 * has no SQLite. It tells by its age that its holder died, which would be too weak for a ledger;
 * an installation that two processes spoiled is noticed and repeated by the next boot.
 */
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { BootError, isForbidden } from "./boot-error.js";
import { ROOT, readJson } from "./paths.js";

const LOCK = join(ROOT, ".install-lock");
const NPM_PID = join(LOCK, "npm");
const HEARTBEAT_MS = 1_000;
const POLL_MS = 300;
/** A lock whose holder has not touched it for this long was left by a boot that was killed. */
const EXPIRES_MS = 15_000;
/** No npm installs for longer. The limit holds where nothing tells when a process started. */
const LONGEST_INSTALL_MS = 3_600_000;

export const isInstalling = () => statSync(LOCK, { throwIfNoEntry: false }) !== undefined;

/** Writes down the npm that this boot has started, for a boot that finds the lock expired. */
export const recordNpm = (pid) =>
  writeFileSync(NPM_PID, JSON.stringify({ pid, started: startOf(pid) }));

/** Takes the install lock, waiting while another boot holds it. Returns the release. */
export async function takeInstallLock() {
  for (let told = false; !tryTake(); ) {
    if (isExpired(LOCK) && !isNpmRunning()) {
      breakLock();
      continue;
    }
    if (!told) console.error("Another process is installing the packages; waiting for it.");
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(LOCK, now, now);
    } catch {
      // Somebody removed the lock. The installation continues without its protection.
    }
  }, HEARTBEAT_MS);
  return () => {
    clearInterval(heartbeat);
    rmSync(LOCK, { recursive: true, force: true });
  };
}

function tryTake() {
  try {
    mkdirSync(LOCK);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw new BootError(
      `Cannot write in ${ROOT} (${error.code}), where the packages are to be installed. Run this once as the owner of the clone.`,
    );
  }
}

const isExpired = (lock) => isOlderThan(lock, EXPIRES_MS);

function isOlderThan(path, milliseconds) {
  const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return touched !== undefined && Date.now() - touched > milliseconds;
}

/** When a process started, on Linux: the boot of the machine and the ticks since; else null. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command, in parentheses, may itself hold spaces and parentheses: fields follow its end.
    const ticksSinceBoot = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${ticksSinceBoot}`;
  } catch {
    return null;
  }
}

/**
 * Whether the npm of a boot that was killed is still installing. Its number may belong to another
 * process by now, which started at another time.
 */
function isNpmRunning() {
  const { pid, started = null } = readJson(NPM_PID) ?? {};
  if (!pid || isOlderThan(NPM_PID, LONGEST_INSTALL_MS)) return false;
  if (started !== null) return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Removes an expired lock, and only that: another boot may have broken it and locked since. */
function breakLock() {
  const aside = `${LOCK}-${process.pid}`;
  try {
    renameSync(LOCK, aside);
    if (!isExpired(aside)) renameSync(aside, LOCK);
  } catch (error) {
    if (isForbidden(error)) {
      throw new BootError(
        `${LOCK} was left behind by an installation that was ended, and this user may not remove it (${error.code}). Remove it as the owner of the clone.`,
      );
    }
    if (error.code !== "ENOENT") throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}
