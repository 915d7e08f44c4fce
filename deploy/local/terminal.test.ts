import assert from "node:assert/strict";
import { test } from "node:test";
import { createTerminal } from "./terminal.ts";

function recorded(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { written, output: { isTTY, columns, write: (text: string) => written.push(text) } };
}

test("in a file every line stands by itself and nothing moves", () => {
  const { written, output } = recorded(false);
  const terminal = createTerminal(output);
  terminal.status("collecting 1/6");
  terminal.line("round 1");
  terminal.status(null);
  assert.equal(written.join(""), "round 1\n");
});

test("on a terminal the status stays below the lines, within the width", () => {
  const { written, output } = recorded(true, 8);
  const terminal = createTerminal(output);
  terminal.status("collecting 1/6");
  terminal.line("round 1");
  terminal.status(null);
  const clear = "\r\u001b[2K";
  assert.equal(written.join(""), `collect${clear}round 1\ncollect${clear}`);
});
