import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { accountMigrate, federationPause, IDL, PROGRAM_ID } from "@plenary/chain";
import { Scenario } from "../testing/scenario.ts";
import { keypairOf } from "../testing/test-chain.ts";
import { disputeSteps } from "../testing/wrong-accounts/dispute-steps.ts";
import { governanceSteps } from "../testing/wrong-accounts/governance-steps.ts";
import { accepting, layGround, SIGNERS, type Step } from "../testing/wrong-accounts/ground.ts";
import { lifecycleSteps } from "../testing/wrong-accounts/lifecycle-steps.ts";
import { lastOf, variantsOf } from "../testing/wrong-accounts/variants.ts";

/*
 * Every instruction runs with each of its accounts replaced by accounts that are easily mistaken
 * for it: the same role in another federation with the same mint, another member's, a stranger's,
 * another mint's; and with each account of the program's in an unknown layout. All must be refused.
 * Then the right instruction must pass, which proves that nothing else was in its way. It must pass
 * while the federation is paused, too, unless it begins something new.
 */

const ground = layGround();
const { mine } = ground;
const { payer, chain } = mine;
const tried = new Set<string>();

/** Versions that later layouts may have. */
const UNKNOWN_VERSIONS = [3, 255];
/** A pause stops what begins, never what ends: claims, withdrawals, commitments, disputes. */
const STOPPED_BY_PAUSE = new Set(["round_open", "member_join"]);

/** Changes the version of every account of the program's that the step names and that exists. */
function refuseUnknownVersions(name: string, step: Step): void {
  // What is migrated must be of version 1, so every other version is refused alike.
  const refusal = name === "account_migrate" ? "NothingToMigrate" : "VersionUnknown";
  for (const { pubkey } of lastOf(step).keys) {
    const data = pubkey.equals(PROGRAM_ID) ? null : chain.data(pubkey);
    if (data === null || !chain.owner(pubkey).equals(PROGRAM_ID)) continue;
    for (const version of UNKNOWN_VERSIONS) {
      // The version follows the discriminator of eight bytes.
      chain.setData(pubkey, PROGRAM_ID, data.with(8, version));
      const outcome = chain.send(step.instructions, step.signers);
      assert.equal(outcome.error, refusal, `${name}: ${version}`);
    }
    chain.setData(pubkey, PROGRAM_ID, data);
  }
}

/** Runs the right instruction at last, while the federation is paused if that must not matter. */
function runPaused(name: string, step: Step, scenario: Scenario): void {
  const run = () => scenario.run(name, step.instructions, step.signers);
  const pause = (paused: boolean) => {
    const terms = { federation: scenario.federation, authority: scenario.authority.publicKey };
    const instructions = federationPause(PROGRAM_ID, { ...terms, paused });
    scenario.run("federation_pause", instructions, [scenario.authority]);
  };
  if (name === "federation_pause") return void run();
  pause(true);
  if (STOPPED_BY_PAUSE.has(name)) {
    scenario.refuse("Paused", step.instructions, step.signers);
    pause(false);
    run();
  } else {
    run();
    pause(false);
  }
}

function check(name: string, step: Step, scenario = mine): void {
  const accepted = new Set(step.accepted ?? []);
  for (const { label, instruction } of variantsOf(name, step, ground, scenario)) {
    if (accepted.has(label)) continue;
    const needed = new Set(
      instruction.keys.filter((key) => key.isSigner).map((key) => key.pubkey.toBase58()),
    );
    const holders = [...step.signers, ...ground.strangers].filter((key) =>
      needed.has(key.publicKey.toBase58()),
    );
    const outcome = chain.send(
      [...step.instructions.slice(0, -1), instruction],
      [chain.actor("fee payer"), ...new Set(holders)],
    );
    assert.notEqual(outcome.error, null, `${name}: ${label} must be refused`);
  }
  refuseUnknownVersions(name, step);
  runPaused(name, step, scenario);
  tried.add(name);
}

for (const [name, step] of [...governanceSteps(ground), ...lifecycleSteps(ground)])
  test(`${name} refuses every wrong account`, () => check(name, step()));

test("account_migrate refuses every wrong account", () => {
  const account = keypairOf("old round").publicKey;
  const vectors = new URL("../../../test/vectors/accounts/", import.meta.url);
  chain.setData(account, PROGRAM_ID, readFileSync(new URL("round-v1.bin", vectors)));
  check("account_migrate", {
    instructions: accountMigrate(PROGRAM_ID, { account, payer: payer.publicKey }),
    signers: [payer],
    accepted: accepting("payer", SIGNERS),
  });
});

test("federation_create refuses every wrong account", () => {
  const fresh = new Scenario(chain, "third", {}, mine.mint);
  check("federation_create", {
    instructions: fresh.createInstruction(),
    signers: [fresh.authority],
    // The instruction creates the vault and the escrow in the mint that is named.
    accepted: accepting("reward_mint", ["otherMint"]),
  });
});

const disputes = disputeSteps(chain, mine.mint);
for (const [name, step] of disputes.steps)
  test(`${name} refuses every wrong account`, () => check(name, step(), disputes.scenario));

test("every instruction of the program was tried", () => {
  for (const { name } of IDL.instructions) assert.ok(tried.has(name), `${name} has a step`);
});
