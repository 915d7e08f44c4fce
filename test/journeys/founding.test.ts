/** The commands of docs/founding.md, in their order, as a shell runs them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createKeypair } from "@plenary/sdk";
import { ROOT, startGround } from "./local-federation.ts";
import { tutorialFiles } from "./tutorial/make-exports.ts";

const PAGE = join(ROOT, "docs/founding.md");
const EXPORTS = join(ROOT, "docs/founding");

/** The page's blocks of commands, without those that say where things are on a machine. */
async function commandsOf(page: string): Promise<string> {
  const blocks = (await readFile(page, "utf8")).matchAll(/^```sh\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, block]) => block).join("\n");
}

/** Words of the tutorial's options in place of others that the tests' small embedder knows. */
const WORDS = {
  is: "about",
  the: "right",
  spend: "female",
  space: "male",
  do: "city",
  you: "suburb",
  agree: "town",
} as const;

/** A text embedder of a few kilobytes: MiniLM has 90 megabytes. */
async function writeEmbedder(folder: string): Promise<void> {
  await cp(join(ROOT, "clients/training/fixtures/bert"), folder, { recursive: true });
  const file = join(folder, "tokenizer.json");
  let tokenizer = await readFile(file, "utf8");
  for (const [known, word] of Object.entries(WORDS))
    tokenizer = tokenizer.replace(`"${known}":`, `"${word}":`);
  await writeFile(file, tokenizer);
}

test("the exports are what the script makes", async () => {
  const files = await tutorialFiles();
  assert.deepEqual((await readdir(EXPORTS)).sort(), [...files.keys()].sort());
  for (const [name, content] of files)
    assert.equal(await readFile(join(EXPORTS, name), "utf8"), content, name);
});

test("the tutorial leads from exports to a claimed reward, and on", async (t) => {
  const { stack, aggregator, folder } = await startGround(t);
  await createKeypair(join(folder, "aggregator.json"), aggregator);
  await writeEmbedder(join(folder, "bert"));
  const script = `set -euo pipefail
plenary() { "$NODE" "$CLI" "$@"; }
aggregator=aggregator.json
exports=${EXPORTS}
embedder="--embedder bert --embedder-name tiny"
plenary airdrop --keypair $aggregator --sol 1
${await commandsOf(PAGE)}
if plenary join --keypair authority.json; then exit 9; fi
`;
  const child = spawn("bash", ["-c", script], {
    cwd: folder,
    // A socket there would make bash read its start-up files.
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      NODE: process.execPath,
      CLI: join(ROOT, "clients/cli/main.ts"),
      PLENARY_SERVICE_URL: stack.serviceUrl,
      PLENARY_RPC_URL: stack.rpcUrl,
    },
  });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  const said = output + errors;
  assert.equal(code, 0, said);
  for (const expected of [
    /nothing was sent: this can be founded/,
    /joining needs .* SOL, and the owner has 1/,
    /2 rounds left, 0 are committed/,
    /training will use 48 answers of 2 groups/,
    /complete, 2 members, 2 of 2 rounds committed/,
    /2 updates counted, 0 refused, 0 rounds missed/,
    /round 1 is right: 2 updates counted/,
    /claimed [1-9][0-9.]* tokens in transaction/,
    /3 rounds in all, 2 before/,
    /complete, 2 members, 3 of 3 rounds committed/,
    /This federation has had its last round, number 3: nobody joins any more/,
  ])
    assert.match(said, expected);
});
