import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  eventsNamed,
  memberExit,
  memberWithdraw,
  PROGRAM_ID,
  roundClose,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  updateKeyAt,
} from "@plenary/chain";
import type { PublicKey } from "@solana/web3.js";
import { Scenario } from "../testing/scenario.ts";
import { digest, START, TestChain } from "../testing/test-chain.ts";
import { createMint } from "../testing/tokens.ts";

after(() => {
  const lines = [...TestChain.units].filter(([label]) => label.includes("_")).sort();
  console.log(
    `compute units\n${lines.map(([label, units]) => `  ${label.padEnd(20)} ${units}`).join("\n")}`,
  );
});

for (const [name, tokenProgram] of [
  ["SPL Token", TOKEN_PROGRAM],
  ["Token-2022", TOKEN_2022_PROGRAM],
] as const) {
  test(`a federation from creation to the last withdrawal, paid in ${name}`, () =>
    live(tokenProgram));
}

function live(tokenProgram: PublicKey): void {
  const chain = new TestChain();
  const scenario = Scenario.ready(
    "first",
    {},
    chain,
    createMint(chain, "first mint", tokenProgram),
  );
  const [first, second] = [scenario.join("member one"), scenario.join("member two", 80n)];
  assert.equal(scenario.state().members, 2);
  assert.equal(scenario.state().stakes, 130n);

  const number = scenario.open();
  assert.equal(number, 1n);
  const opened = scenario.round(number);
  assert.equal(opened.status, "open");
  assert.deepEqual(opened.slotHash, digest("slot 41"));
  assert.equal(opened.openedAt, START);
  assert.equal(opened.deadline, START + 60n);
  assert.equal(opened.commitBy, START + 90n);

  const earned = scenario.earned([first, 300n], [second, 700n]);
  scenario.commit(number, earned);
  const committed = scenario.state();
  assert.deepEqual(committed.pending, [1n]);
  assert.deepEqual(committed.lastModelRoot, digest("model after round 1"));
  assert.equal(committed.promised, 1000n);
  assert.equal(committed.totalEarned, 0n);

  scenario.chain.now += 60n;
  scenario.finalize(number);
  assert.equal(scenario.state().totalEarned, 1000n);

  const claim = scenario.run("reward_claim", scenario.claimInstruction(number, first, earned), [
    scenario.stranger,
  ]);
  assert.deepEqual(
    eventsNamed(claim.events, "RewardClaimed").map(({ amount }) => amount),
    [300n],
  );
  assert.equal(scenario.chain.tokens(scenario.tokenAccount(first)), 50n + 300n);
  assert.equal(scenario.member(first).claimedTotal, 300n);

  // A later, larger tree pays the difference at once; an earlier one pays nothing more.
  const later = scenario.earned([first, 500n], [second, 1200n]);
  const next = scenario.completeRound(later);
  scenario.run("reward_claim", scenario.claimInstruction(next, second, later), [scenario.stranger]);
  assert.equal(scenario.chain.tokens(scenario.tokenAccount(second)), 20n + 1200n);
  scenario.refuse("NothingToClaim", scenario.claimInstruction(number, second, earned), [
    scenario.stranger,
  ]);

  const { federation, mint: rewardMint } = scenario;
  const rent = scenario.chain.lamports(scenario.payer.publicKey);
  const close = {
    federation,
    authority: scenario.authority.publicKey,
    number,
    rentPayer: scenario.payer.publicKey,
  };
  scenario.run("round_close", roundClose(PROGRAM_ID, close), [scenario.authority]);
  assert.ok(scenario.chain.lamports(scenario.payer.publicKey) > rent);

  scenario.run("member_exit", memberExit(PROGRAM_ID, { federation, owner: first.publicKey }), [
    first,
  ]);
  scenario.chain.now += 100n;
  const destination = scenario.tokenAccount(first);
  const withdraw = memberWithdraw(PROGRAM_ID, {
    federation,
    rewardMint,
    tokenProgram,
    owner: first.publicKey,
    destination,
  });
  scenario.run("member_withdraw", withdraw, [first]);
  assert.equal(scenario.chain.tokens(destination), 100n + 300n);
  assert.equal(scenario.state().members, 1);
  assert.ok(updateKeyAt(scenario.member(second), 1n).equals(scenario.member(second).updateKey));
}
