import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { strategies } from "@plenary/algorithms";
import { type Command, CommanderError } from "commander";
import { buildProgram } from "./program.ts";
import { EXAMPLES, leavesOf } from "./usage/examples.ts";

/** A command and all commands below it, each with its full name. */
function commandsOf(command: Command, before: string): [string, Command][] {
  const name = `${before} ${command.name()}`.trim();
  return [[name, command], ...command.commands.flatMap((child) => commandsOf(child, name))];
}

const program = buildProgram(() => Promise.resolve());

test("every command has a help that names its options and says what it does", () => {
  const commands = commandsOf(program, "");
  assert.ok(commands.length > 35);
  for (const [name, command] of commands) {
    const help = command.helpInformation();
    assert.match(help, new RegExp(`^Usage: ${name}\\b`), name);
    assert.ok(command.description().length > 10, name);
    for (const { long, description } of command.options) {
      assert.ok(long != null && help.includes(long), `${name} ${long}`);
      assert.ok(description.length > 3, `${name} ${long}`);
    }
  }
});

/** What a command line prints. Nothing runs. */
async function printed(words: readonly string[]): Promise<string> {
  let output = "";
  const fresh = buildProgram(() => Promise.resolve());
  for (const [, command] of commandsOf(fresh, ""))
    command.exitOverride().configureOutput({
      writeOut: (text) => {
        output += text;
      },
      writeErr: (text) => {
        output += text;
      },
    });
  await fresh.parseAsync(["node", "plenary", ...words]).catch((error: unknown) => {
    if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
  });
  return output;
}

test("every command prints its help, with an example that it understands", async () => {
  for (const [name] of leavesOf(program)) {
    const help = await printed([...name.split(" "), "--help"]);
    const example = EXAMPLES[name];
    assert.ok(example, `plenary ${name} has no example: add one to usage/examples.ts`);
    assert.ok(help.includes(`$ plenary ${example}`), name);
    assert.ok(`${example} `.startsWith(`${name} `), name);
    await printed(example.split(" "));
  }
  const names = new Set(leavesOf(program).map(([name]) => name));
  assert.deepEqual(
    Object.keys(EXAMPLES).filter((name) => !names.has(name)),
    [],
  );
});

test("the version is the package's", () => {
  const manifest = readFileSync(join(import.meta.dirname, "package.json"), "utf8");
  assert.equal(program.version(), JSON.parse(manifest).version);
});

test("a federation's strategies are those of the registry, and its norm limit is not negative", () => {
  const [, create] =
    commandsOf(program, "").find(([name]) => name === "plenary federation create") ?? [];
  const option = (long: string) => create?.options.find((candidate) => candidate.long === long);
  assert.deepEqual(option("--strategy")?.argChoices, Object.keys(strategies));
  const maxNorm = option("--max-norm");
  assert.equal(maxNorm?.parseArg?.("2.5", 0), 2.5);
  for (const wrong of ["-1", "x", ""])
    assert.throws(() => maxNorm?.parseArg?.(wrong, 0), /0 or more/);
});

test("help prints the default amounts", () => {
  const [, create] =
    commandsOf(program, "").find(([name]) => name === "plenary federation create") ?? [];
  assert.match(
    create?.helpInformation().replace(/\s+/g, " ") ?? "",
    /most that a round pays \(default: 1000\)/,
  );
});
