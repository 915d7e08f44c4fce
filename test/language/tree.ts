import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finding, findingsIn } from "./habits.ts";

const ROOT = join(fileURLToPath(import.meta.url), "../../..");

const TEXT = /\.(?:ts|tsx|js|md|rs|sql|py|toml|sh)$|^\.env\.example$|^\.ci\/run$/;

/** Files that quote the habits, that are made by a tool, or that others wrote. */
const EXEMPT = /^test\/language(?:\/|\.test)|^test\/vectors\/|\/fixtures\/|\/generated\//;

export interface FileFindings {
  readonly path: string;
  readonly findings: readonly Finding[];
}

/** The findings in every text file below `folders` that git tracks or would track. */
export function findingsBelow(folders: readonly string[] = []): readonly FileFindings[] {
  const files = ["ls-files", "--cached", "--others", "--exclude-standard", "--", ...folders];
  return [...new Set(execFileSync("git", files, { cwd: ROOT, encoding: "utf8" }).split("\n"))]
    .filter((path) => TEXT.test(path) && !EXEMPT.test(path) && existsSync(join(ROOT, path)))
    .sort()
    .map((path) => ({ path, findings: findingsIn(path, readFileSync(join(ROOT, path), "utf8")) }))
    .filter(({ findings }) => findings.length > 0);
}
