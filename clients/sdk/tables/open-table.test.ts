import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { UnreadableTable } from "./file-problem.ts";
import { openTable } from "./open-table.ts";
import type { TableOptions, TableRow } from "./table.ts";

// Two sheets, Answers and Notes: a title, a blank row, the header, and a blank row among the rows.
const WORKBOOK = readFileSync(new URL("./fixtures/survey.xlsx", import.meta.url));

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function read(bytes: Uint8Array, options?: TableOptions) {
  const table = await openTable(once(bytes), options);
  const batches: (readonly TableRow[])[] = [];
  for await (const batch of table.batches()) batches.push(batch);
  return { table, rows: batches.flat() };
}

const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof UnreadableTable && pattern.test(error.message);

test("a sheet of a workbook is read with its row numbers", async () => {
  const { table, rows } = await read(WORKBOOK, { sheet: "Answers", headerLine: 3 });
  assert.deepEqual(
    table.columns.map(({ name }) => name),
    ["Party", "trust", "n"],
  );
  assert.deepEqual(rows, [
    { line: 4, cells: ["Left", "A lot", "31"] },
    { line: 5, cells: ["Left", "Not at all", "12"] },
    { line: 6, cells: ["Right", "A lot", "5"] },
    { line: 8, cells: ["Right", "Not at all", "7"] },
  ]);
});

test("a workbook with several sheets or a title asks", async () => {
  await assert.rejects(read(WORKBOOK), refusal(/Which sheet\? .*"Answers", "Notes"/));
  await assert.rejects(read(WORKBOOK, { sheet: "Other" }), refusal(/Which sheet/));
  await assert.rejects(
    read(WORKBOOK, { sheet: "Answers" }),
    refusal(/Which line names the columns/),
  );
});

describe("formats that are not read say how to export", () => {
  for (const [name, bytes, pattern] of [
    ["SPSS", Buffer.from("$FL2@(#) SPSS"), /SPSS.*value labels/],
    ["Stata", Buffer.from("<stata_dta><header>"), /Stata.*export delimited/],
    ["old Stata", Uint8Array.of(114, 2, 1, 0, 9), /Stata/],
    ["old Excel", Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0), /\.xlsx/],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8), /gzip/],
    ["a broken workbook", WORKBOOK.subarray(0, 2000), /not an Excel workbook/],
  ] as const)
    test(name, async () => {
      await assert.rejects(read(bytes), refusal(pattern));
    });
});

test("a text in large pieces is read whole", async () => {
  const text = `a,b\n${"x,y\n".repeat(200_000)}`;
  assert.equal((await read(Buffer.from(text))).rows.length, 200_000);
});

test("damaged workbooks are refused or read, never an exception", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(WORKBOOK.length - 1), fc.nat(255), async (place, byte) => {
      const bytes = Uint8Array.from(WORKBOOK);
      bytes[place] = byte;
      await read(bytes, { sheet: "Answers", headerLine: 3 }).catch((error: unknown) => {
        assert.ok(error instanceof UnreadableTable, String(error));
      });
    }),
    { numRuns: 60 },
  );
});
