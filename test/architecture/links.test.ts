/** Links between documents lead to files and headings that exist. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./sources.ts";

const DOCUMENTS = globSync(["*.md", "docs/*.md", "clients/**/*.md"], {
  cwd: ROOT,
  exclude: (path) => /node_modules|dist/.test(path),
});

/** A heading's anchor, as repository hosts make it. */
function anchors(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function problemsOf(document: string): readonly string[] {
  const markdown = readFileSync(join(ROOT, document), "utf8");
  const links = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return links
    .filter((target) => !/^(https?|mailto):/.test(target))
    .flatMap((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(ROOT, file))) return [`${document} links to ${target}: no such file`];
      if (anchor === undefined) return [];
      return anchors(readFileSync(join(ROOT, file), "utf8")).has(anchor)
        ? []
        : [`${document} links to ${target}: no such heading`];
    });
}

test("links between documents lead somewhere", () => {
  assert.ok(DOCUMENTS.length > 5);
  assert.deepEqual(DOCUMENTS.flatMap(problemsOf), []);
});
