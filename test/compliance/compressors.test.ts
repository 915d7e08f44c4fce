import assert from "node:assert/strict";
import { test } from "node:test";
import { compressors, compressorsById, createCompressor } from "@plenary/algorithms";
import { compressorCompliance } from "./compressor.ts";
import { throwsCode } from "./vectors.ts";

for (const name of Object.keys(compressors)) compressorCompliance(name);

test("no two compressors share a number", () => {
  const names = Object.keys(compressors);
  assert.equal(compressorsById(names).size, names.length);
});

test("unknown names are refused", () => {
  for (const name of ["gzip", "", "constructor"])
    throwsCode(() => createCompressor(name), "invalid-input");
});
