import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "commander";
import { buildProgram } from "./program.ts";

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

test("help prints the default amounts", () => {
  const [, create] =
    commandsOf(program, "").find(([name]) => name === "plenary federation create") ?? [];
  assert.match(
    create?.helpInformation().replace(/\s+/g, " ") ?? "",
    /base units \(default: 1000000000\)/,
  );
});
