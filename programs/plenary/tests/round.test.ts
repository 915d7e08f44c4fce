import assert from "node:assert/strict";
import { test } from "node:test";
import { PROGRAM_ID, roundClose, roundFinalize, roundVoid } from "@plenary/chain";
import { EMPTY_ROOT, type RoundCommitment } from "@plenary/protocol";
import { Scenario } from "../testing/scenario.ts";
import { digest } from "../testing/test-chain.ts";

const U64_MAX = 2n ** 64n - 1n;

test("a round opens with the next number, on the last committed base, within the limit", () => {
  const scenario = Scenario.ready();
  const refuse = (error: string, changes: Parameters<Scenario["openInstruction"]>[0]) =>
    scenario.refuse(error, scenario.openInstruction(changes), [
      scenario.payer,
      scenario.aggregator,
    ]);
  for (const number of [0n, 2n, U64_MAX]) refuse("WrongRoundNumber", { number });
  refuse("WrongBase", { baseRoot: digest("another model") });
  refuse("WrongBase", { baseStateRoot: digest("another state") });
  for (const collectSeconds of [0, 601, 2 ** 32 - 1])
    refuse("CollectTimeOutOfRange", { collectSeconds });
  scenario.open();
  refuse("RoundAlreadyOpen", {});
});

test("a round opens only if the vault can pay its budget", () => {
  const scenario = Scenario.ready("first", { rewardPerRound: 10_001n });
  scenario.refuse("VaultTooSmall", scenario.openInstruction(), [
    scenario.payer,
    scenario.aggregator,
  ]);
});

test("a commitment states possible counts, weights and rewards", () => {
  const scenario = Scenario.ready();
  const owner = scenario.join("member one");
  scenario.completeRound(scenario.earned([owner, 400n]));
  const number = scenario.open();
  const earned = scenario.earned([owner, 500n]);
  const refuse = (error: string, changes: Partial<RoundCommitment>) =>
    scenario.refuse(
      error,
      scenario.commitInstruction(number, scenario.result(number, earned, changes)),
      [scenario.aggregator],
    );
  for (const updateCount of [0, 17, 2 ** 32 - 1]) refuse("UpdateCountOutOfRange", { updateCount });
  for (const totalWeight of [3001, 2 ** 32 - 1]) refuse("TotalWeightOutOfRange", { totalWeight });
  for (const cumulativeRewards of [0n, 399n]) refuse("RewardsFell", { cumulativeRewards });
  refuse("BudgetExceeded", { cumulativeRewards: 1401n });
  for (const cumulativeRewards of [10_001n, U64_MAX])
    refuse("VaultTooSmall", { cumulativeRewards });
  refuse("RewardsTreeMismatch", { rewardCount: 0 });
  refuse("RewardsTreeMismatch", { rewardsRoot: EMPTY_ROOT });
  refuse("StateNotEmpty", { nextStateRoot: digest("a state") });
  scenario.commit(number, earned);
  refuse("RoundNotOpen", {});
  scenario.chain.now += 60n;
  scenario.finalize(number);
  refuse("RoundNotOpen", {});
});

test("a round can be committed until its grace ends; then anyone voids it, and its number is used up", () => {
  const scenario = Scenario.ready();
  const { federation, stranger } = scenario;
  const number = scenario.open();
  const voiding = roundVoid(PROGRAM_ID, { federation, number });
  scenario.chain.now += 90n;
  scenario.refuse("CommitStillDue", voiding, [stranger]);
  scenario.chain.now += 1n;
  scenario.refuse("CommitTooLate", scenario.commitInstruction(number, scenario.result(number)), [
    scenario.aggregator,
  ]);
  scenario.run("round_void", voiding, [stranger]);
  scenario.refuse("RoundSettled", voiding, [stranger]);
  scenario.refuse("RoundNotOpen", scenario.commitInstruction(number, scenario.result(number)), [
    scenario.aggregator,
  ]);
  assert.equal(scenario.round(number).status, "void");
  const again = scenario.openInstruction({ number });
  assert.notEqual(scenario.chain.send(again, [scenario.payer, scenario.aggregator]).error, null);
  const next = scenario.open();
  assert.equal(next, 2n);
  assert.equal(scenario.round(next).baseRound, 0n);
  assert.deepEqual(scenario.round(next).baseRoot, digest("genesis model"));
});

test("a round can be committed in the last second of its grace", () => {
  const scenario = Scenario.ready();
  const number = scenario.open();
  scenario.chain.now += 90n;
  scenario.commit(number);
});

test("rounds are finalised in order, each after its own window", () => {
  const scenario = Scenario.ready();
  const { federation, stranger } = scenario;
  const finalize = (number: bigint) => roundFinalize(PROGRAM_ID, { federation, number });
  const first = scenario.open();
  scenario.refuse("RoundNotCommitted", finalize(first), [stranger]);
  scenario.commit(first);
  scenario.chain.now += 30n;
  const second = scenario.open();
  assert.equal(scenario.round(second).baseRound, first);
  assert.deepEqual(scenario.round(second).baseRoot, digest("model after round 1"));
  scenario.commit(second);
  scenario.refuse("RoundStands", roundVoid(PROGRAM_ID, { federation, number: first }), [stranger]);
  scenario.chain.now += 29n;
  scenario.refuse("ChallengeWindowOpen", finalize(first), [stranger]);
  scenario.chain.now += 31n;
  scenario.refuse("RoundOutOfOrder", finalize(second), [stranger]);
  scenario.finalize(first);
  scenario.refuse("RoundNotCommitted", finalize(first), [stranger]);
  scenario.finalize(second);
  assert.equal(scenario.state().finalRound, second);
  scenario.refuse("RoundSettled", roundVoid(PROGRAM_ID, { federation, number: second }), [
    stranger,
  ]);
});

test("at most 64 committed rounds await the end of their windows", () => {
  const scenario = Scenario.ready();
  for (let index = 0; index < 64; index++) scenario.commit(scenario.open());
  scenario.refuse("TooManyPendingRounds", scenario.openInstruction(), [
    scenario.payer,
    scenario.aggregator,
  ]);
  scenario.chain.now += 60n;
  scenario.finalize(1n);
  scenario.open();
});

test("a round closes once nothing needs it", () => {
  const scenario = Scenario.ready();
  const { federation, authority, payer, stranger } = scenario;
  const close = (number: bigint) =>
    roundClose(PROGRAM_ID, {
      federation,
      authority: authority.publicKey,
      number,
      rentPayer: payer.publicKey,
    });
  const first = scenario.open();
  scenario.refuse("RoundStillNeeded", close(first), [authority]);
  scenario.commit(first);
  scenario.refuse("RoundStillNeeded", close(first), [authority]);
  scenario.chain.now += 60n;
  scenario.finalize(first);
  scenario.refuse("RoundStillNeeded", close(first), [authority]);
  const second = scenario.open();
  scenario.chain.now += 91n;
  scenario.run("round_void", roundVoid(PROGRAM_ID, { federation, number: second }), [stranger]);
  scenario.run("round_close", close(second), [authority]);
  scenario.completeRound();
  scenario.run("round_close", close(first), [authority]);
  assert.equal(scenario.chain.data(scenario.round(3n).address) === null, false);
});
