import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packPackages } from "./pack.ts";
import { manifestOf, OUTPUT, PACKAGES, ROOT } from "./packages.ts";

/**
 * Does all of a release but publish: checks that nothing is uncommitted, that the packages have one
 * version, and that CHANGELOG.md has its section; packs; writes SHA256SUMS beside the tarballs;
 * says what is left to do. Throws when a check fails. Answers the tarballs.
 */
export function prepareRelease(): readonly string[] {
  checkCommitted();
  const version = sharedVersion();
  checkChangelog(version);
  const tarballs = packPackages();
  const sums = tarballs.map((path) => `${sha256(path)}  ${basename(path)}\n`).join("");
  writeFileSync(join(OUTPUT, "SHA256SUMS"), sums);
  console.error(
    `Version ${version} is ready. To publish it: git tag v${version}, then, in this order, ` +
      "npm publish --access public TARBALL for each of:",
  );
  return tarballs;
}

function checkCommitted(): void {
  const { stdout } = spawnSync("git", ["status", "--porcelain"], { cwd: ROOT, encoding: "utf8" });
  if (stdout.trim() !== "") throw new Error(`Commit these changes first:\n${stdout}`);
}

function sharedVersion(): string {
  const versions = new Set(PACKAGES.map((one) => manifestOf(one.folder).version));
  const [version = "", other] = versions;
  if (other !== undefined) throw new Error(`The packages differ in version: ${[...versions]}.`);
  return version;
}

function checkChangelog(version: string): void {
  const changelog = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8");
  const dated = changelog
    .split("\n")
    .some((line) => line.startsWith(`## ${version} (`) && /\(\d{4}-\d\d-\d\d\)$/.test(line));
  if (!dated) {
    throw new Error(`CHANGELOG.md has no section "## ${version} (YYYY-MM-DD)": date it first.`);
  }
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
