/** The repository's TypeScript files, each with what it imports. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

export const SOURCES: readonly Source[] = globSync(
  ["{clients,services,deploy,testing,test,bench,migrations,programs}/**/*.{ts,tsx}"],
  { cwd: ROOT, exclude: (path) => /(^|\/)(node_modules|target|dist|assembly)(\/|$)/.test(path) },
)
  .sort()
  .map((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    return { path: path.replaceAll("\\", "/"), text, imports: importsOf(text) };
  });

export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const patterns = [
    /(?:^|[;}\n])\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']/g,
    /(?:^|[;}\n])\s*import\s*["']([^"']+)["']/g,
    /\bimport\s*\(\s*["']([^"']+)["']/g,
    /\brequire\s*\(\s*["']([^"']+)["']/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ""));
}

/** Drops comments, whose prose may quote an import, and leaves strings, which may hold `//`. */
export function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_whole, string: string | undefined) => string ?? "",
  );
}

/** The path that a relative import leads to; null for a package. */
export function targetOf(source: Source, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  return relative(ROOT, join(ROOT, dirname(source.path), specifier)).replaceAll("\\", "/");
}

/** The folder that the architecture's tables speak of: clients/sdk, deploy/local, test. */
export function roomOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  return ["clients", "services", "deploy"].includes(top) ? `${top}/${second}` : top;
}

export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || /(^|\/)testing\//.test(path);
}

/** The folders of the workspace's packages. */
export function packageFolders(): readonly string[] {
  return globSync("{clients,services,deploy}/*/package.json", { cwd: ROOT })
    .map((path) => dirname(path).replaceAll("\\", "/"))
    .sort();
}
