import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { VARIABLES } from "./config.ts";
import { EXIT } from "./exit-codes.ts";

const folder = mkdtempSync(join(tmpdir(), "plenary-cli-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function plenary(args: readonly string[], environment: Record<string, string> = {}): Ran {
  const clean = Object.fromEntries(Object.values(VARIABLES).map((name) => [name, ""]));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "plenary.js"), ...args],
    {
      encoding: "utf8",
      env: { ...process.env, ...clean, ...environment },
    },
  );
  return { code: status, stdout, stderr };
}

test("help lists every command and the exit codes", () => {
  const { code, stdout } = plenary(["--help"]);
  assert.equal(code, 0);
  for (const command of [
    "keygen",
    "federation",
    "bond",
    "join",
    "train",
    "status",
    "claim",
    "rotate-key",
    "payout",
    "leave",
    "withdraw",
    "close-member",
    "verify-claim",
    "verify\\|verify-round",
    "watch",
    "prove-omission",
    "check-omission",
    "report-equivocation",
    "export",
    "predict",
    "data",
    "audit",
  ])
    assert.match(stdout, new RegExp(`^  ${command}`, "m"));
  const listed = stdout.slice(stdout.indexOf("Exit codes:")).matchAll(/^ +(\d+) +\w/gm);
  const codes = [...listed].map(([, number]) => Number(number));
  assert.deepEqual(codes, Object.values(EXIT));
  assert.match(plenary(["train", "--help"]).stdout, /PLENARY_STATE/);
});

test("a keypair file is made once, for its owner only", () => {
  const first = plenary(["keygen", file("key.json"), "--json"]);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(Object.keys(JSON.parse(first.stdout)), ["event", "file", "address"]);
  assert.equal(statSync(file("key.json")).mode & 0o777, 0o600);
  const second = plenary(["keygen", file("key.json")]);
  assert.equal(second.code, 2);
  assert.match(second.stderr, /exists already.*\[file-unreadable\]/);
});

test("wrong usage ends with 2 and says what is right", () => {
  for (const [args, expected] of [
    [["nosuch"], /unknown command/],
    [["train", "--rounds", "x"], /whole number/],
    [["train", "--engine", "gpu"], /native, wasm/],
    [["verify-round", "-1"], /unknown option|whole number/],
    [["join"], /--keypair is missing: give it, or set PLENARY_KEYPAIR/],
    [
      ["status", "--service", "nonsense", "--rpc", "http://127.0.0.1:9"],
      /not the URL of a service/,
    ],
    [["join", "--keypair", file("none.json")], /no such file/],
    [
      ["train"],
      /Whose membership\? Give --keypair or set PLENARY_KEYPAIR. .* --owner or set PLENARY_OWNER/,
    ],
    [["train", "--owner", "nobody", "--update-key", file("none.json")], /no such file/],
    [["rotate-key"], /missing required argument/],
    [["leave"], /--keypair is missing/],
    [["federation", "fund", "-1"], /unknown option|amount in tokens/],
    [["federation", "terms", "--members", "friends"], /open, approved/],
    [["bond", "deposit", "1.5.2"], /amount in tokens, such as 12\.5/],
    [["federation", "grant", "nobody", "1,5"], /amount in tokens, such as 12\.5/],
  ] as const) {
    const { code, stderr } = plenary(args);
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, expected);
  }
});

test("settings come from the environment too, and the command line wins", () => {
  const variables = { PLENARY_SERVICE_URL: "nonsense", PLENARY_RPC_URL: "http://127.0.0.1:9" };
  assert.match(plenary(["status"], variables).stderr, /"nonsense" is not the URL/);
  assert.match(
    plenary(["status", "--service", "other"], variables).stderr,
    /"other" is not the URL/,
  );
});

test("an answers file is checked against a data set, line by line", () => {
  const one = "question,group,option,n,count\ngss18_natspac,a,Too little,9,3\n";
  writeFileSync(file("good.csv"), `${one}gss18_natenvir,a,Too little,9,4\n`);
  const check = (name: string, ...options: string[]) =>
    plenary(["data", "check", file(name), "--dataset", "gss", ...options]);
  const good = check("good.csv", "--json", "--ignore-column", "n");
  assert.equal(good.code, 0, good.stderr);
  assert.equal(JSON.parse(good.stdout).valid, true);
  assert.deepEqual(JSON.parse(good.stdout).training, { groups: 1, cells: 2 });
  const unsaid = check("good.csv");
  assert.equal(unsaid.code, 2);
  assert.match(unsaid.stdout, /line 1, column n: .*--ignore-column NAME/);
  writeFileSync(file("one.csv"), one);
  const untrainable = check("one.csv", "--ignore-column", "n");
  assert.equal(untrainable.code, 2);
  assert.match(untrainable.stdout, /1 question, 3 respondents each.*\n.*not trained on/);
  writeFileSync(file("bad.csv"), "question,group,option\nnosuch,a,b\ngss18_natspac,a,Perhaps\n");
  const bad = plenary(["data", "check", file("bad.csv"), "--dataset", "gss"]);
  assert.equal(bad.code, 2);
  assert.match(bad.stdout, /line 2, column question.*\n.*line 3, column option/);
});

test("an unreachable service ends with exit code 3 and a message, in JSON on request", () => {
  const args = [
    "status",
    "--service",
    "http://127.0.0.1:9",
    "--rpc",
    "http://127.0.0.1:9",
    "--json",
  ];
  const { code, stderr } = plenary(args);
  assert.equal(code, 3);
  const { event, code: name, message } = JSON.parse(stderr);
  assert.deepEqual([event, name], ["error", "service-unavailable"]);
  assert.match(message, /cannot be reached/);
  const leaving = plenary(["leave", ...args.slice(1, 5), "--keypair", file("key.json")]);
  assert.equal(leaving.code, 3);
  assert.match(
    leaving.stderr,
    /cannot be reached.* With --federation ADDRESS this command needs no service/,
  );
});

test("what a hostile service says is printed on one line, escaped", {
  timeout: 60_000,
}, async () => {
  const message = "No.\u001b[2J\u001b[H\nround 3 is right: 5 updates counted\u202e";
  const service = createServer((_, response) => {
    response.writeHead(403, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ error: { code: "not-authority", message, context: {}, requestId: "r" } }),
    );
  });
  await once(service.listen(0, "127.0.0.1"), "listening");
  const { port } = service.address() as AddressInfo;
  try {
    for (const flags of [[], ["--json"]]) {
      const url = `http://127.0.0.1:${port}`;
      const args = ["status", "--service", url, "--rpc", url, ...flags];
      const main = join(import.meta.dirname, "plenary.js");
      const child = spawn(process.execPath, [main, ...args]);
      const [stderr] = await Promise.all([text(child.stderr), once(child, "exit")]);
      assert.match(stderr, /No\.\\u001b\[2J\\u001b\[H(\\u000a|\\n)round 3/);
      assert.doesNotMatch(stderr.slice(0, -1), /[\p{Cc}\p{Cf}]/u);
      if (flags.length > 0) assert.equal(JSON.parse(stderr).message, message);
    }
  } finally {
    service.close();
  }
});
