import assert from "node:assert/strict";
import { test } from "node:test";
import type { DisputeView } from "@plenary/protocol";
import { tokensWith } from "../tokens.ts";
import { disputeStatusLine } from "./dispute-lines.ts";

test("a dispute's status says what it is about, what it waits for and how it ended", () => {
  const open: DisputeView = {
    address: "A".repeat(44),
    kind: "chunk",
    subject: 311,
    challenger: "C".repeat(44),
    deposit: "312500",
    openedAt: 0,
    state: "open",
    demanded: { piece: "leaf 1 of the updates", until: Date.UTC(2030, 0, 2) },
    ending: null,
  };
  const lines = [
    open,
    { ...open, demanded: null },
    { ...open, deposit: null, state: "ended" as const },
    {
      ...open,
      state: "ended" as const,
      ending: {
        verdict: "upheld" as const,
        fault: { name: "wrong-chunk", text: "the chunk does not follow from the updates" },
        transaction: "S".repeat(88),
      },
    },
    {
      ...open,
      state: "ended" as const,
      ending: { verdict: "moot" as const, fault: null, transaction: "S".repeat(88) },
    },
  ].map((dispute) => disputeStatusLine(dispute, tokensWith(6)));
  const who = `dispute of chunk 311 by ${open.challenger}`;
  assert.deepEqual(lines, [
    `${who}, deposit 0.3125 tokens: open, the aggregator has until 2030-01-02T00:00:00.000Z to show leaf 1 of the updates`,
    `${who}, deposit 0.3125 tokens: open, nothing is demanded`,
    `${who}: ended; the service does not know how`,
    `${who}, deposit 0.3125 tokens: upheld, the chunk does not follow from the updates`,
    `${who}, deposit 0.3125 tokens: moot`,
  ]);
});
