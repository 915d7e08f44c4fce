/** One top-level statement of a declaration file, as the compiler formats it. */
export interface Statement {
  readonly doc: string;
  readonly text: string;
}

/** A name that a declaration file exports: its declarations (several for overloads). */
export interface Declared {
  readonly name: string;
  readonly doc: string;
  readonly text: string;
}

/** A re-export: of every name (`names` null), or of some by their names at home and here. */
export interface Reexport {
  readonly from: string;
  readonly names: ReadonlyMap<string, string> | null;
}

export interface DeclarationFile {
  readonly declared: readonly Declared[];
  readonly reexports: readonly Reexport[];
}

/** Reads a declaration file. It relies on the compiler's layout: statements begin in column 0. */
export function readDeclarations(text: string): DeclarationFile {
  const statements = statementsOf(text);
  return {
    declared: mergeOverloads(statements.flatMap((statement) => declaredBy(statement) ?? [])),
    reexports: [
      ...statements.flatMap(({ text }) => reexportOf(text) ?? []),
      ...exportedImports(statements),
    ],
  };
}

function statementsOf(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let doc: string[] = [];
  let code: string[] = [];
  let inDoc = false;
  for (const line of text.split("\n")) {
    if (code.length === 0 && (inDoc || line.startsWith("/**"))) {
      if (!inDoc) doc = [];
      doc.push(line);
      inDoc = !line.includes("*/");
    } else if (code.length > 0 || line.trim() !== "") {
      code.push(line);
      if (!endsStatement(line)) continue;
      statements.push({ doc: docText(doc), text: code.join("\n") });
      doc = [];
      code = [];
    }
  }
  return statements;
}

/** Inner lines are indented; the last one is not, unless the statement has only one. */
function endsStatement(line: string): boolean {
  return /^\S/.test(line) && /[;}]$/.test(line) && !line.startsWith("/");
}

/** A doc comment's text as Markdown. */
function docText(lines: readonly string[]): string {
  return lines
    .join("\n")
    .replace(/^\/\*\*[ \t]*|[ \t]*\*\/$/g, "")
    .replace(/^[ \t]*\* ?/gm, "")
    .replace(/\{@link ([^}]+)\}/g, "`$1`")
    .replace(/^@throws /gm, "\nThrows ")
    .replace(/^@param (\w+) /gm, "\n`$1`: ")
    .replace(/^@returns? /gm, "\nReturns ")
    .trim();
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function|const|class|interface|type|enum) (\w+)/;

function declaredBy({ doc, text }: Statement): Declared | null {
  const [, name] = DECLARATION.exec(text) ?? [];
  return name === undefined ? null : { name, doc, text: text.replace(/^export (declare )?/, "") };
}

function mergeOverloads(all: readonly Declared[]): readonly Declared[] {
  const byName = new Map<string, Declared>();
  for (const one of all) {
    const known = byName.get(one.name);
    const merged = known && {
      name: one.name,
      doc: [known.doc, one.doc].filter(Boolean).join("\n\n"),
      text: `${known.text}\n${one.text}`,
    };
    byName.set(one.name, merged ?? one);
  }
  return [...byName.values()];
}

function reexportOf(text: string): Reexport | null {
  const [, list, from] =
    /^export (?:type )?(\*|\{[\s\S]*\}) from ["']([^"']+)["'];$/.exec(text) ?? [];
  if (list === undefined || from === undefined) return null;
  return { from, names: list === "*" ? null : namesOf(list) };
}

/** `export { X };` of an X that the file imports. */
function exportedImports(statements: readonly Statement[]): readonly Reexport[] {
  const imports = new Map(
    statements.flatMap(({ text }) => {
      const [, list, from] =
        /^import (?:type )?(\{[\s\S]*\}) from ["']([^"']+)["'];$/.exec(text) ?? [];
      if (list === undefined || from === undefined) return [];
      return [...namesOf(list)].map(([here, home]) => [here, { from, home }] as const);
    }),
  );
  return statements.flatMap(({ text }) => {
    const [, list] = /^export (?:type )?(\{[^}]*\});$/.exec(text) ?? [];
    return [...namesOf(list ?? "{}")].flatMap(([here, inside]) => {
      const origin = imports.get(inside);
      return origin ? [{ from: origin.from, names: new Map([[here, origin.home]]) }] : [];
    });
  });
}

/** The names of `{ a, type b as c }`: what each is called here, and what at home. */
function namesOf(list: string): ReadonlyMap<string, string> {
  const pairs = list
    .slice(1, -1)
    .split(",")
    .map((item) => item.trim().replace(/^type /, ""))
    .filter(Boolean)
    .map((item) => {
      const [home = "", here = home] = item.split(" as ");
      return [here, home] as const;
    });
  return new Map(pairs);
}
