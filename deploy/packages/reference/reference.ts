import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { ClientPackage } from "../packages.ts";
import {
  type DeclarationFile,
  type Declared,
  type Reexport,
  readDeclarations,
} from "./declarations.ts";

/** An exported name, with the file that declares it. */
interface Exported extends Declared {
  readonly file: string;
}

/**
 * The API reference of a package in Markdown: every name that its index exports, by the file that
 * declares it, with its doc comment and declaration. `folder` holds the staged package. Throws when
 * an export is declared nowhere in the package.
 */
export function referenceOf(one: ClientPackage, folder: string): string {
  const exported = exportsOf(join(folder, "index.d.ts"));
  const byFile = Map.groupBy(exported, ({ file }) => posix.relative(folder, file));
  const sections = [...byFile]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, names]) => `## ${file.replace(/\.d\.ts$/, "")}\n\n${names.map(entry).join("\n")}`);
  return [
    `# API of @plenary/${one.folder}`,
    `${one.description}. Generated from the sources; ${exported.length} names.`,
    ...sections,
  ].join("\n\n");
}

function entry({ name, doc, text }: Declared): string {
  return `### ${name}\n\n${doc === "" ? "" : `${doc}\n\n`}\`\`\`ts\n${text}\n\`\`\`\n`;
}

function exportsOf(index: string): readonly Exported[] {
  const files = new Map<string, DeclarationFile>();
  const read = (path: string): DeclarationFile => {
    const known = files.get(path) ?? readDeclarations(readFileSync(path, "utf8"));
    files.set(path, known);
    return known;
  };
  const all = (path: string): readonly Exported[] => {
    const { declared, reexports } = read(path);
    const own = declared.map((one) => ({ ...one, file: path }));
    const others = reexports.flatMap(({ from, names }) => {
      if (!from.startsWith(".")) return elsewhere(from, names, path);
      const target = join(dirname(path), from.replace(/\.js$/, ".d.ts"));
      const exported = all(target);
      return names === null ? exported : chosen(exported, names, path);
    });
    return [...own, ...others];
  };
  const unique = new Map(all(index).map((one) => [one.name, one]));
  return [...unique.values()];
}

/** Names of another package, which that package's reference describes. */
function elsewhere(from: string, names: Reexport["names"], path: string): readonly Exported[] {
  return [...(names?.keys() ?? [])].map((name) => ({
    name,
    doc: `See \`${from}\`.`,
    text: `export { ${name} } from "${from}";`,
    file: path,
  }));
}

function chosen(
  exported: readonly Exported[],
  names: ReadonlyMap<string, string>,
  path: string,
): readonly Exported[] {
  return [...names].map(([here, home]) => {
    const found = exported.find(({ name }) => name === home);
    if (found === undefined) throw new Error(`${path} exports ${home}, which is declared nowhere.`);
    return { ...found, name: here };
  });
}
