import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDeclarations } from "./declarations.ts";

const text = `import type { Moved as Home } from "./home.ts";
/** How many; see {@link Other}. */
export declare const COUNT: number;
/**
 * Adds.
 * @throws PlenaryError when it cannot.
 */
export declare function add(a: number): number;
export declare function add(a: string): string;
interface Hidden {
    a: 1;
}
export interface Shown {
    /** Inside. */
    readonly a: Hidden;
}
export type { Home };
export { one, type Two as Three } from "./numbers.js";
export * from "./all.js";
`;

describe("declarations", () => {
  const { declared, reexports } = readDeclarations(text);

  test("exported names have their docs; overloads are one name", () => {
    assert.deepEqual(
      declared.map(({ name, doc }) => [name, doc]),
      [
        ["COUNT", "How many; see `Other`."],
        ["add", "Adds.\n\nThrows PlenaryError when it cannot."],
        ["Shown", ""],
      ],
    );
    assert.equal(
      declared[1]?.text,
      "function add(a: number): number;\nfunction add(a: string): string;",
    );
    assert.match(declared[2]?.text ?? "", /^interface Shown \{[\s\S]*\n\}$/);
  });

  test("re-exports say from where and under which name, imported names as well", () => {
    assert.deepEqual(reexports, [
      {
        from: "./numbers.js",
        names: new Map([
          ["one", "one"],
          ["Three", "Two"],
        ]),
      },
      { from: "./all.js", names: null },
      { from: "./home.ts", names: new Map([["Home", "Moved"]]) },
    ]);
  });
});
