import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { CsvReader, csvRows } from "./csv-rows.ts";
import { UnreadableTable } from "./file-problem.ts";

/** What csv-parse reads, or null where it refuses the text. */
function oracle(text: string): string[][] | null {
  try {
    return parse(text, {
      relax_column_count: true,
      record_delimiter: ["\r\n", "\n", "\r"],
    }) as string[][];
  } catch {
    return null;
  }
}

function read(text: string): { line: number; cells: readonly string[] }[] | null {
  try {
    return csvRows(text, ",");
  } catch (error) {
    assert.ok(error instanceof UnreadableTable, String(error));
    return null;
  }
}

const csv = fc
  .array(fc.constantFrom(",", "\n", "\r\n", "\r", '"', '""', "a", " ", ";", "é"), { maxLength: 25 })
  .map((parts) => parts.join(""));

describe("CSV", () => {
  test("a record is named by the line that it starts in", () => {
    assert.deepEqual(csvRows('a,b\r\n\n"x\r\ny",2\r3,"4"', ","), [
      { line: 1, cells: ["a", "b"] },
      { line: 2, cells: [""] },
      { line: 3, cells: ["x\r\ny", "2"] },
      { line: 5, cells: ["3", "4"] },
    ]);
  });

  for (const [text, line, message] of [
    ['a\n"b', 2, /never closed/],
    ['a\n"b"c', 2, /follows a closing/],
    ['a\n\nb"c', 3, /inside an unquoted field/],
  ] as const)
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => csvRows(text, ","),
        (error) =>
          error instanceof UnreadableTable &&
          error.problem.line === line &&
          message.test(error.message),
      );
    });

  test("any text is read as csv-parse reads it", () => {
    fc.assert(
      fc.property(csv, (text) => {
        const rows = read(text);
        assert.deepEqual(
          rows?.map(({ cells }) => cells) ?? null,
          oracle(text),
          JSON.stringify(text),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("however a text is cut, its rows are the same", () => {
    fc.assert(
      fc.property(csv, fc.array(fc.nat(25), { maxLength: 5 }), (text, cuts) => {
        const whole = read(text);
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const reader = new CsvReader(",");
        const pieces = () =>
          places.flatMap((place, i) =>
            i === 0 ? [] : reader.read(text.slice(places[i - 1], place), i === places.length - 1),
          );
        if (whole === null) assert.throws(pieces, UnreadableTable);
        else assert.deepEqual(pieces(), whole);
      }),
      { numRuns: 2000 },
    );
  });

  test("a quotation mark that is never closed does not fill the memory", () => {
    const reader = new CsvReader(",");
    assert.throws(() => {
      for (let i = 0; i < 100; i += 1) reader.read(`"${"x".repeat(1 << 16)}`.slice(i && 1), false);
    }, UnreadableTable);
  });
});
