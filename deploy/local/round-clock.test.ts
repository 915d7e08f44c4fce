import assert from "node:assert/strict";
import { test } from "node:test";
import { PlenaryError } from "@plenary/protocol";
import { RoundClock } from "./round-clock.ts";
import { isPassing, waitOut } from "./wait-out.ts";

test("a round is timed from its opening to its commitment", () => {
  const clock = new RoundClock();
  assert.equal(clock.seconds("1"), null);
  clock.take({ type: "round-opened", round: "1", at: 1_000 });
  clock.take({ type: "update-received", round: "1", at: 1_500 });
  assert.equal(clock.seconds("1"), "soon");
  clock.take({ type: "round-committed", round: "1", at: 2_250 });
  assert.equal(clock.seconds("1"), 1.25);
});

test("outages are waited out, other errors and the end are not", async () => {
  const { signal } = new AbortController();
  let calls = 0;
  const flaky = async () => {
    calls++;
    if (calls === 1) throw new PlenaryError("chain-unavailable", "The node is away.");
    return "back";
  };
  assert.equal(await waitOut(signal, flaky), "back");
  const wrong = new PlenaryError("invalid-input", "No.");
  assert.equal(isPassing(wrong), false);
  await assert.rejects(
    waitOut(signal, async () => {
      throw wrong;
    }),
    wrong,
  );
  await assert.rejects(waitOut(AbortSignal.abort(), flaky), { name: "AbortError" });
});
