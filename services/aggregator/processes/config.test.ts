import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Keypair } from "@solana/web3.js";
import { readConfig, readLogLevel } from "./config.ts";

describe("configuration", () => {
  const folder = mkdtempSync(join(tmpdir(), "plenary-config-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const keyFile = join(folder, "key.json");
  const keypair = Keypair.generate();
  writeFileSync(keyFile, JSON.stringify([...keypair.secretKey]), { mode: 0o600 });
  const environment = {
    DATABASE_URL: "postgresql://user@localhost/plenary",
    PLENARY_RPC_URL: "http://127.0.0.1:8899",
    PLENARY_BLOBS: folder,
    PLENARY_AGGREGATOR_KEY: keyFile,
    PLENARY_PROGRAM_ID: Keypair.generate().publicKey.toBase58(),
  };

  test("takes defaults for what is absent or empty, and ignores what is not its own", () => {
    const config = readConfig({ ...environment, PLENARY_PORT: "", HOME: "/" });
    assert.deepEqual([config.host, config.port, config.redisUrl], ["127.0.0.1", 7070, undefined]);
    assert.deepEqual(config.aggregatorKey, keypair.secretKey);
    assert.equal(readLogLevel({}), "info");
    assert.equal(readLogLevel({ PLENARY_LOG_LEVEL: "loud" }), "info");
  });

  const wrong: [Record<string, string | undefined>, RegExp][] = [
    [{ DATABASE_URL: undefined }, /DATABASE_URL/],
    [{ DATABASE_URL: "mysql://x" }, /DATABASE_URL/],
    [{ REDIS_URL: "localhost:6379" }, /REDIS_URL/],
    [{ PLENARY_PORT: "70000" }, /PLENARY_PORT/],
    [{ PLENARY_PORT: "http" }, /PLENARY_PORT/],
    [{ PLENARY_LOG_LEVEL: "loud" }, /PLENARY_LOG_LEVEL/],
    [{ PLENARY_PROGRAM_ID: "0OIl" }, /PLENARY_PROGRAM_ID/],
    [{ PLENARY_AGGREGATOR_KEY: join(folder, "none") }, /PLENARY_AGGREGATOR_KEY/],
    [{ PLENARY_AGGREGATOR_KEY: folder }, /PLENARY_AGGREGATOR_KEY/],
    [{ PLENARY_OPERATOR_PASSWORD: "short" }, /PLENARY_OPERATOR_PASSWORD/],
  ];
  for (const [change, message] of wrong)
    test(`names what is wrong with ${JSON.stringify(change).replaceAll(folder, "...")}`, () => {
      assert.throws(() => readConfig({ ...environment, ...change }), message);
    });

  test("refuses a key that others can read", () => {
    chmodSync(keyFile, 0o644);
    assert.throws(() => readConfig(environment), { code: "file-permissions" });
    chmodSync(keyFile, 0o600);
  });

  test("refuses a file that is not a keypair", () => {
    const path = join(folder, "other.json");
    for (const text of ["[]", "[1,2,3]", "{}", `[${Array(64).fill(256)}]`]) {
      writeFileSync(path, text, { mode: 0o600 });
      assert.throws(
        () => readConfig({ ...environment, PLENARY_AGGREGATOR_KEY: path }),
        /not a Solana keypair/,
      );
    }
  });
});
