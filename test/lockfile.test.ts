import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parserOf } from "@plenary/protocol";
import Type from "typebox";

const parseLockfile = parserOf(
  Type.Object({
    packages: Type.Record(
      Type.String(),
      Type.Object({
        optional: Type.Optional(Type.Boolean()),
        devOptional: Type.Optional(Type.Boolean()),
        optionalDependencies: Type.Optional(Type.Record(Type.String(), Type.String())),
      }),
    ),
  }),
  "package-lock.json",
);

/**
 * `npm ci` refuses a lockfile that lacks a platform's binaries, and `npm install` leaves out those
 * that its registry happened not to have. Such an entry is added by hand: name, version, os, cpu,
 * libc and `"optional": true` suffice.
 */
test("the lockfile names the binaries of every platform", () => {
  const file = new URL("../package-lock.json", import.meta.url);
  const { packages } = parseLockfile(JSON.parse(readFileSync(file, "utf8")));
  const names = new Set(Object.keys(packages).map((path) => path.split("node_modules/").at(-1)));
  const missing = Object.entries(packages)
    .filter(([, { optional, devOptional }]) => !optional && !devOptional)
    .flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !names.has(name))
        .map((name) => `${path} needs ${name}`),
    );
  assert.deepEqual(missing, []);
});
