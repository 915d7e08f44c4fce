import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { LocalStackError } from "@plenary/stack";
import { readConfig } from "./config.ts";
import { parseOptions } from "./options.ts";

const FOLDER = resolve("/somewhere");
const SILENT = { write: () => undefined };

function parse(...args: string[]) {
  return parseOptions(args, FOLDER, { stdout: SILENT, stderr: SILENT });
}

test("options are read, and paths are meant from the caller's folder", () => {
  const options = parse(
    "--rounds",
    "3",
    "--clients",
    "4",
    "--dataset",
    "my/survey.json",
    "--unseen",
    "a, b c",
    "--seed",
    "9",
    "--once",
    "--report",
    "r.json",
  );
  assert.deepEqual(options, {
    rounds: 3,
    clients: 4,
    dataset: join(FOLDER, "my/survey.json"),
    unseen: ["a", "b c"],
    seed: 9,
    engine: undefined,
    once: true,
    fresh: false,
    report: join(FOLDER, "r.json"),
  });
  assert.equal(parse("--dataset", "gss").dataset, "gss");
});

test("wrong options are refused by name", () => {
  assert.throws(() => parse("--rounds", "0"), /--rounds.*whole number from 1/);
  assert.throws(() => parse("--clients", "2.5"), /--clients/);
  assert.throws(() => parse("--seed", "-1"), /--seed/);
  assert.throws(() => parse("--engine", "abacus"), /native, wasm/);
  assert.throws(() => parse("--unseen", "a,,b"), /--unseen.*separated by commas/);
  assert.throws(() => parse("--onec"), /--once/);
  assert.throws(() => parse("extra"), /too many arguments/);
});

test("variables are checked, and an empty one counts as absent", () => {
  const config = readConfig({ PLENARY_HOME: "", PLENARY_PORT: "8080", PATH: "/bin" }, FOLDER);
  assert.equal(config.home, join(FOLDER, ".plenary"));
  assert.deepEqual(config.stack.service, {
    host: "127.0.0.1",
    hostVariable: "PLENARY_HOST",
    preferred: 8080,
    demandedBy: "PLENARY_PORT",
  });
  assert.deepEqual(config.stack.localnet, {
    host: "127.0.0.1",
    hostVariable: "PLENARY_LOCALNET_HOST",
    preferred: 8899,
  });
  for (const wrong of [
    { PLENARY_PORT: "70700" },
    { DATABASE_URL: "mysql://a" },
    { REDIS_URL: "localhost" },
    { PLENARY_RPC_URL: "ws://a" },
  ]) {
    const name = Object.keys(wrong)[0] ?? "";
    assert.throws(
      () => readConfig(wrong, FOLDER),
      (error: unknown) => error instanceof LocalStackError && error.message.startsWith(name),
    );
  }
  assert.throws(
    () => readConfig({ DATABASE_URL: "user:secret@host" }, FOLDER),
    (error: unknown) => error instanceof LocalStackError && !error.message.includes("secret"),
  );
});
