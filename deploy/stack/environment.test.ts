import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { memberEnvironment, serviceEnvironment } from "./environment.ts";

const EXAMPLE = readFileSync(join(import.meta.dirname, "../../.env.example"), "utf8");

/** Every variable of .env.example, set to its own name. */
function everything(): Record<string, string> {
  const names = [...EXAMPLE.matchAll(/^#?([A-Z_]+)=/gm)].map((match) => match[1] ?? "");
  assert.ok(names.length > 20);
  return Object.fromEntries(["PATH", "LANG", ...names].map((name) => [name, name]));
}

test("a member inherits nothing of Plenary's, and the rest unchanged", () => {
  assert.deepEqual(memberEnvironment(everything()), { PATH: "PATH", LANG: "LANG" });
});

test("the service inherits everything but what .env.example lists for the plenary command", () => {
  const [, member = ""] = EXAMPLE.split("# ---- plenary command");
  const members = [...member.matchAll(/^#?([A-Z_]+)=/gm)].map((match) => match[1] ?? "");
  assert.ok(members.length > 0);
  const left = Object.keys(everything()).filter((name) => !members.includes(name));
  assert.deepEqual(Object.keys(serviceEnvironment(everything())).sort(), left.sort());
});
