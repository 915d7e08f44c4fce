import assert from "node:assert/strict";
import { test } from "node:test";
import { codecs, codecsById, createCodec } from "@plenary/algorithms";
import { codecCompliance } from "./codec.ts";
import { throwsCode } from "./vectors.ts";

type Configuration = { readonly name: string; readonly [parameter: string]: unknown };
const CONFIGURATIONS: Record<keyof typeof codecs, readonly [Configuration, ...Configuration[]]> = {
  int32: [{ name: "int32" }],
  int8: [{ name: "int8" }],
};

for (const configuration of Object.values(CONFIGURATIONS).flat()) codecCompliance(configuration);

test("no two codecs share a number", () => {
  const names = Object.keys(codecs);
  assert.equal(codecsById(names.map((name) => ({ name }))).size, names.length);
});

test("unknown names and unknown parameters are refused", () => {
  for (const name of ["gzip", "", "constructor"])
    throwsCode(() => createCodec({ name }), "invalid-input");
  const surplus: Configuration = { name: "int8", bits: 4 };
  throwsCode(() => createCodec(surplus), "invalid-input");
});
