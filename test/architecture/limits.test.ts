/** Every test and every test file ends, whatever it waits for. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT, SOURCES, withoutComments } from "./sources.ts";

/** Methods of web3.js that open a socket, which reconnects for ever once its node is gone. */
const OPENS_SOCKET =
  /\.(confirmTransaction|sendAndConfirm\w*|on(AccountChange|ProgramAccountChange|Logs|SlotChange|SlotUpdate|Signature|SignatureWithOptions|RootChange))\(/;
/** Its own tests end their sockets with their node. */
const ENDS_SOCKETS = "services/localnet/";

describe("limits", () => {
  test("no connection keeps a socket that outlasts its node", () => {
    const openers = SOURCES.filter(({ text }) => OPENS_SOCKET.test(withoutComments(text)));
    assert.deepEqual(
      openers.map(({ path }) => path).filter((path) => !path.startsWith(ENDS_SOCKETS)),
      [],
    );
    assert.notEqual(openers.length, 0);
  });

  test("npm test bounds each test and each file", () => {
    const boot = readFileSync(join(ROOT, "boot/tasks.js"), "utf8");
    assert.match(boot, /--test-timeout=/);
    assert.match(boot, /--import=\.\/test\/file-limit\.ts/);
  });

  test("a file that keeps a handle is ended, and says which", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "plenary-limit-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "endless.test.js");
    writeFileSync(file, "setInterval(() => {}, 1000);");
    const { NODE_TEST_CONTEXT: _own, ...environment } = process.env;
    const run = spawnSync(
      process.execPath,
      [`--import=${join(ROOT, "test/file-limit.ts")}`, "--test", file],
      {
        encoding: "utf8",
        env: { ...environment, PLENARY_TEST_FILE_SECONDS: "0.2" },
        timeout: 60_000,
      },
    );
    assert.equal(run.status, 1);
    assert.match(run.stdout, /did not end within 0\.2 s\. It still has: .*Timeout/);
  });
});
