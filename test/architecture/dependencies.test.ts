/** Each package declares what it imports, and imports what it declares. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isTest, packageFolders, ROOT, SOURCES, type Source } from "./sources.ts";

/** Packages that a package runs by path, and those that wait to replace what is written by hand. */
const NOT_IMPORTED: Readonly<Record<string, readonly string[]>> = {
  "clients/chain": ["@solana/spl-token", "p-retry"],
  "clients/cli": ["prom-client"],
  "clients/service": ["eventsource-parser", "p-retry", "p-timeout"],
  "clients/training": ["piscina"],
  "deploy/stack": ["@plenary/localnet", "ioredis", "write-file-atomic"],
  "services/aggregator": [
    "ioredis",
    "lru-cache",
    "p-retry",
    "p-timeout",
    "piscina",
    "range-parser",
    "write-file-atomic",
  ],
};

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8"));

/** The package that a specifier names; null for relative paths and what Node brings. */
function packageOf(specifier: string): string | null {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return null;
  const [scope = "", name = ""] = specifier.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}

const importedBy = (sources: readonly Source[]): ReadonlySet<string> =>
  new Set(sources.flatMap(({ imports }) => imports.flatMap((name) => packageOf(name) ?? [])));

/** What runs with the tests alone: it may import what the package or the root has for development. */
const forTests = (path: string) =>
  isTest(path) || /(^|\/)(fixtures|test)\/|(^|\/)build\.ts$/.test(path);

describe("dependencies", () => {
  for (const folder of packageFolders()) {
    const sources = SOURCES.filter(({ path }) => path.startsWith(`${folder}/`));
    const { dependencies = {}, devDependencies = {} } = manifestOf(folder);
    const shipped = importedBy(sources.filter(({ path }) => !forTests(path)));

    test(`${folder} declares what it imports`, () => {
      const missing = [...shipped].filter((name) => !(name in dependencies) && !isBuiltin(name));
      assert.deepEqual(missing, []);
    });

    test(`${folder} imports what it declares`, () => {
      const idle = Object.keys(dependencies).filter(
        (name) => !shipped.has(name) && !NOT_IMPORTED[folder]?.includes(name),
      );
      assert.deepEqual(idle, []);
      const all = importedBy(sources);
      const idleInTests = Object.keys(devDependencies).filter((name) => !all.has(name));
      assert.deepEqual(idleInTests, []);
    });
  }

  test("the packages depend on each other by their exact version", () => {
    const versions = new Map(
      packageFolders().map((folder) => {
        const { name, version } = JSON.parse(
          readFileSync(join(ROOT, folder, "package.json"), "utf8"),
        );
        return [name as string, version as string];
      }),
    );
    const wrong = packageFolders().flatMap((folder) =>
      Object.entries(manifestOf(folder).dependencies ?? {})
        .filter(([name, version]) => versions.has(name) && versions.get(name) !== version)
        .map(([name, version]) => `${folder} wants ${name} ${version}`),
    );
    assert.deepEqual(wrong, []);
  });
});
