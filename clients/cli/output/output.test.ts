import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { PlenaryError } from "@plenary/protocol";
import type { ParticipationEvent } from "@plenary/sdk";
import { TrainingError } from "@plenary/training";
import { EXIT, exitCodeOf } from "../exit-codes.ts";
import { openOutput } from "./output.ts";

const EVENTS: readonly ParticipationEvent[] = [
  { type: "waiting", for: "round" },
  { type: "round-started", round: 2n ** 60n, resumed: false },
  { type: "downloading", round: 1n, bytes: 10, total: 10 },
  { type: "training", round: 1n, step: 1, steps: 2, loss: 0.5 },
  { type: "training", round: 1n, step: 2, steps: 2, loss: 0.25 },
  { type: "uploading", round: 1n, bytes: 5, total: 10 },
  {
    type: "uploaded",
    round: 1n,
    sequence: 1n,
    weight: 7,
    envelopeHash: "ab",
    receipt: "r",
    signature: "s",
  },
  { type: "settled", round: 1n, outcome: "refused", reason: "It is too large." },
];

function written(json: boolean, isTTY = false): string {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80, rows: 24, fd: 1 });
  // The output uses nothing else of a terminal.
  const output = openOutput(
    { stdout: stream, stderr: stream } as unknown as Parameters<typeof openOutput>[0],
    json,
  );
  for (const event of EVENTS) output.participation(event);
  output.fail("internal", "It broke.", { round: 1 });
  output.close();
  return String(stream.read() ?? "");
}

test("programs get a JSON line for each event", () => {
  const lines = written(true)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ event }) => event),
    [...EVENTS.map(({ type }) => type), "error"],
  );
  assert.equal(lines[1].round, (2n ** 60n).toString());
});

test("people get a line for each step, and no bars without a terminal", () => {
  assert.deepEqual(written(false).trim().split("\n"), [
    "waiting for the next round",
    "round 1152921504606846976",
    "round 1: trained 2 steps, loss 0.2500",
    "round 1: update received, weight 7, receipt checked",
    "round 1: refused - It is too large.",
    "plenary: It broke. [internal]",
  ]);
});

test("a terminal shows bars", () => {
  const text = written(false, true);
  assert.match(text, /round 1 training .*100%/);
  assert.match(text, /round 1: trained 2 steps/);
});

test("exit codes say what kind of thing went wrong", () => {
  for (const [error, code] of [
    [new PlenaryError("answers-invalid", ""), EXIT.input],
    [new PlenaryError("chain-unavailable", ""), EXIT.unreachable],
    [new PlenaryError("rate-limited", ""), EXIT.unreachable],
    [new PlenaryError("member-inactive", ""), EXIT.refused],
    [new PlenaryError("transaction-failed", ""), EXIT.refused],
    [new PlenaryError("insufficient-funds", ""), EXIT.input],
    [new PlenaryError("verification-failed", ""), EXIT.verification],
    [new PlenaryError("transaction-unknown", ""), EXIT.unknown],
    [new PlenaryError("internal", ""), EXIT.unexpected],
    [new TrainingError("embedding-model-missing", ""), EXIT.input],
    [new DOMException("", "AbortError"), EXIT.interrupted],
    [new TypeError("oops"), EXIT.unexpected],
  ] as const)
    assert.equal(exitCodeOf(error), code);
});
