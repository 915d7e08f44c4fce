/** Each package declares what it imports, and imports what it declares. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isTest, packageFolders, ROOT, SOURCES, type Source } from "./sources.ts";

/** Packages that a package runs by path. */
const NOT_IMPORTED: Readonly<Record<string, readonly string[]>> = {
  "deploy/stack": ["@plenary/localnet"],
};

/** What is run and not imported, and the types of Node itself. */
const TOOLS: readonly string[] = ["@biomejs/biome", "@types/node", "pino-pretty", "typescript"];

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
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

/**
 * What runs with the tests alone: it may import what the package or the root has for development.
 */
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

  const { dependencies = {}, devDependencies = {} } = manifestOf("");
  const folders = packageFolders();
  const isPackaged = ({ path }: Source) => folders.some((folder) => path.startsWith(`${folder}/`));

  test("the root declares what the sources outside of packages import", () => {
    // test/architecture.test.ts quotes imports.
    const sources = SOURCES.filter(
      (source) => !isPackaged(source) && source.path !== "test/architecture.test.ts",
    );
    const imported = importedBy(sources);
    const missing = [...imported].filter(
      (name) =>
        !name.startsWith("@plenary/") &&
        !isBuiltin(name) &&
        !(name in dependencies) &&
        !(name in devDependencies),
    );
    assert.deepEqual(missing, []);
  });

  test("the root's packages are imported, or are known tools", () => {
    const imported = importedBy(SOURCES);
    const typed = (name: string) => name.replace(/^@types\//, "");
    const idle = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) => !imported.has(typed(name)) && !TOOLS.includes(name),
    );
    assert.deepEqual(idle, []);
  });

  test("docs/dependencies.md says why for each, and for no other", () => {
    const declared = new Set([...npmPackages(), ...crates()]);
    const documented = documentedNames();
    const covers = (pattern: string, name: string) =>
      pattern.endsWith("/*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
    const silent = [...declared].filter((name) => !documented.some((one) => covers(one, name)));
    assert.deepEqual(silent, [], "without a line");
    const stale = documented.filter((one) => ![...declared].some((name) => covers(one, name)));
    assert.deepEqual(stale, [], "no longer declared");
  });

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

function npmPackages(): readonly string[] {
  return ["", ...packageFolders()]
    .map(manifestOf)
    .flatMap(({ dependencies, devDependencies, optionalDependencies }) =>
      Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }),
    )
    .filter((name) => !name.startsWith("@plenary/"));
}

function crates(): readonly string[] {
  return globSync("programs/*/Cargo.toml", { cwd: ROOT }).flatMap((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    const sections = [...text.matchAll(/^\[(?:dev-)?dependencies\]\n((?:[^[\n].*\n?|\n)*)/gm)];
    return sections.flatMap(([, section = ""]) =>
      [...section.matchAll(/^([\w-]+)\s*=/gm)].map(([, name = ""]) => name),
    );
  });
}

/** The names in the first column of the page's tables. */
function documentedNames(): readonly string[] {
  const page = readFileSync(join(ROOT, "docs/dependencies.md"), "utf8");
  return [...page.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
}
