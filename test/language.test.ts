/** The text of the repository keeps out of the habits of test/language/habits.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findingsIn } from "./language/habits.ts";
import { findingsBelow } from "./language/tree.ts";

const habitsIn = (path: string, text: string) =>
  findingsIn(path, text).map(({ line, habit }) => `${line} ${habit}`);

describe("language", () => {
  test("no text has one", () => {
    const found = findingsBelow().flatMap(({ path, findings }) =>
      findings.map(({ line, habit, instead }) => `${path}:${line} ${habit} -> ${instead}`),
    );
    assert.deepEqual(found, []);
  });

  test("a habit is found in comments and strings, also across lines", () => {
    const source = [
      "/** This is no",
      " * service. There is no service, and it is no longer one. */",
      'throw new Error("Start anew.");',
      "// Who signs: the worker goes",
      "// on, for who asks.",
    ].join("\n");
    assert.deepEqual(habitsIn("a.ts", source), [
      "1 is no X",
      "3 anew",
      "4 go on",
      "4 Who (subject)",
      "5 for who",
    ]);
  });

  test("a question may begin with who, and a document may quote a habit", () => {
    assert.deepEqual(habitsIn("a.md", "Who may join?\n\nWrite again, not `anew`.\n"), []);
  });

  test("comments and documents are held to their width; code, tables and links are not", () => {
    const wide = "word ".repeat(25);
    assert.deepEqual(habitsIn("a.ts", `// ${wide}\nconst text = "${wide}";`), ["1 wide line"]);
    assert.deepEqual(
      habitsIn(
        "a.md",
        `${wide}\n| ${wide} |\n\`\`\`\n${wide}\n\`\`\`\n${wide} https://example.org`,
      ),
      ["1 wide line"],
    );
  });
});
