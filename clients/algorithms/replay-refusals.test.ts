import assert from "node:assert/strict";
import { test } from "node:test";
import { PlenaryError } from "@plenary/protocol";
import { createAggregator } from "./aggregators/index.ts";
import { completeRound } from "./complete-round.ts";
import { type PublicRound, replayRound } from "./replay.ts";
import type { RoundContext } from "./round.ts";
import { screenUpdate } from "./screening/index.ts";
import {
  configurationFixture,
  contextFixture,
  distanceUtility,
  hashOf,
  publicRound,
  type UpdateFixture,
  updateFixture,
  vectorFixture,
} from "./testing/round-fixture.ts";

const evaluate = distanceUtility(vectorFixture("target", 150, 2 ** 25));

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail("it did not fail"),
    (e: unknown) => e,
  );
  assert.ok(error instanceof PlenaryError, String(error));
  return error.code;
}

test("an update that could not have had a receipt fails verification", async () => {
  const context = contextFixture();
  const delta = vectorFixture("delta", 150, 1000);
  const wrong: Partial<ReturnType<typeof updateFixture>["envelope"]>[] = [
    { genesisHash: hashOf("x") },
    { programId: hashOf("x") },
    { federation: hashOf("x") },
    { round: 6n },
    { baseRoot: hashOf("x") },
    { codec: 9 },
    { weight: 0 },
    { weight: 100_001 },
    { payloadLength: 1_000_001 },
  ];
  for (const envelope of wrong) {
    const round = publicRound(context, [updateFixture(context, { member: "a", delta, envelope })]);
    assert.equal(
      await failure(replayRound(round, evaluate)),
      "verification-failed",
      JSON.stringify(Object.keys(envelope)),
    );
  }
  const { update, ...rest } = updateFixture(context, { member: "a", delta });
  const signature = update.signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte));
  const forged = publicRound(context, [{ ...rest, update: { ...update, signature } }]);
  assert.equal(await failure(replayRound(forged, evaluate)), "verification-failed");
  for (const message of [update.message.subarray(1), new Uint8Array(297), new Uint8Array(0)]) {
    const round = publicRound(context, [{ ...rest, update: { ...update, message } }]);
    assert.equal(await failure(replayRound(round, evaluate)), "verification-failed");
  }
});

test("inconsistent rounds are errors, not results", async () => {
  const context = contextFixture();
  const delta = vectorFixture("delta", 150, 1000);
  const one = updateFixture(context, { member: "a", delta });
  const replay = (c: RoundContext, list: UpdateFixture[]) =>
    replayRound(publicRound(c, list), evaluate);
  assert.equal(await failure(replay(context, [])), "round-inconsistent");
  const bad = updateFixture(context, { member: "b", delta, payload: new Uint8Array(1) });
  assert.equal(await failure(replay(context, [bad])), "round-inconsistent");
  const again = updateFixture(context, { member: "a", delta, envelope: { sequence: 2n } });
  assert.equal(await failure(replay(context, [one, again])), "round-inconsistent");
  const withState = { ...context, state: new Int32Array(1) };
  assert.equal(await failure(replay(withState, [one])), "round-inconsistent");
  const otherBytes: PublicRound = {
    ...publicRound(context, [one]),
    payload: async () => new Uint8Array(162),
  };
  assert.equal(await failure(replayRound(otherBytes, evaluate)), "payload-hash-mismatch");
  const cut: PublicRound = {
    ...publicRound(context, [one]),
    payload: async () => one.payload.subarray(1),
  };
  assert.equal(await failure(replayRound(cut, evaluate)), "payload-truncated");
  const two = publicRound(context, [one, updateFixture(context, { member: "b", delta })]);
  assert.equal(await failure(replayRound(two, async () => 0.5)), "round-inconsistent");
  const unknown = { strategy: { name: "fedsgd" } };
  assert.equal(
    await failure(replay({ ...context, configuration: configurationFixture(unknown) }, [one])),
    "invalid-input",
  );
});

test("a sum that does not hold what the leaves say is found before anything is computed", async () => {
  const context = contextFixture();
  const { update, envelope, payload } = updateFixture(context, {
    member: "a",
    delta: new Int32Array(150),
  });
  const { leaf, delta } = screenUpdate({ configuration: context.configuration, envelope, payload });
  const running = createAggregator(context.configuration.aggregator).incremental!.start(150);
  running.fold(delta!, leaf.weight + 1);
  const collected = {
    context,
    updates: [{ ...update, leaf }],
    running,
    delta: async () => delta!,
  };
  assert.equal(await failure(completeRound(collected, evaluate)), "round-inconsistent");
});
