import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { type ClientPackage, manifestOf, ROOT } from "./packages.ts";
import { referenceOf } from "./reference/reference.ts";

/** Lays out in `target` what the tarball of a package holds, from the compiled `sources`. */
export function stagePackage(one: ClientPackage, sources: string, target: string): void {
  const compiled = join(sources, "clients", one.folder);
  for (const path of globSync("**/*.{js,d.ts}", { cwd: compiled })) {
    const text = readFileSync(join(compiled, path), "utf8");
    if (path.endsWith(".js")) write(join(target, path), script(text, { path, compiled, target }));
    else write(join(target, path), declarations(text));
  }
  for (const data of one.data) {
    cpSync(join(ROOT, "clients", one.folder, data), join(target, data), {
      recursive: true,
      filter: (path) => !path.endsWith(".py"),
    });
  }
  const { bin = {} } = manifestOf(one.folder);
  for (const path of Object.values(bin)) write(join(target, path), COMMAND);
  write(join(target, "package.json"), `${JSON.stringify(packageJson(one), null, 2)}\n`);
  if (one.entries.includes("index.ts")) write(join(target, "API.md"), referenceOf(one, target));
  write(join(target, "README.md"), `# @plenary/${one.folder}\n\n${one.description}.\n`);
  cpSync(join(ROOT, "LICENSE"), join(target, "LICENSE"));
}

/** In the clone this file looks for a Node that reads TypeScript; a package needs none. */
const COMMAND = '#!/usr/bin/env node\nimport "./main.js";\n';

const JSON_IMPORT = /from "(\.[^"]+)\.json" with \{ type: "json" \}/g;
const WORKER_FILE = /new URL\("(\.[^"]+)\.ts", import\.meta\.url\)/g;

interface Place {
  /** The script's path in its package. */
  readonly path: string;
  readonly compiled: string;
  readonly target: string;
}

/**
 * JSON becomes a module: Node 20 warns of JSON imports, and the file may be outside the package.
 * Files that run as threads get their compiled name. Throws when the name of a source is left.
 */
function script(text: string, place: Place): string {
  const staged = text
    .replace(JSON_IMPORT, (_whole, file: string) => `from "${stageJson(file, place)}"`)
    .replace(WORKER_FILE, 'new URL("$1.js", import.meta.url)');
  const [left] = /"\.[^"\n]*\.(?:ts|json)"/.exec(staged) ?? [];
  if (left !== undefined) throw new Error(`${place.path} refers to ${left}, which is not packed.`);
  return staged;
}

/** Writes the JSON file that a script imports as a module; answers the module's specifier. */
function stageJson(file: string, { path, compiled, target }: Place): string {
  const name = `json/${posix.basename(file)}.js`;
  const value = readFileSync(join(compiled, dirname(path), `${file}.json`), "utf8");
  write(join(target, name), `export default ${value.trim()};\n`);
  return posix.relative(dirname(path), name).replace(/^(?!\.)/, "./");
}

/** The compiler leaves the sources' endings in declarations. */
function declarations(text: string): string {
  return text.replace(/(["'])(\.[^"']+)\.ts\1/g, "$1$2.js$1");
}

function packageJson(one: ClientPackage): object {
  const { name, version, license, exports, bin, dependencies } = manifestOf(one.folder);
  return {
    name,
    version,
    description: one.description,
    license,
    type: "module",
    engines: { node: ">=20" },
    ...(exports && {
      exports: { ".": { types: "./index.d.ts", default: "./index.js" } },
      types: "./index.d.ts",
    }),
    ...(bin && { bin }),
    dependencies,
  };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
