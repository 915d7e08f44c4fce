import { equivocationAddress, equivocationOpen, memberRotateKey, PROGRAM_ID } from "@plenary/chain";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { fedavgm } from "../../../../testing/index.ts";
import { DisputedRound, disputable } from "../disputed-round.ts";
import type { OpenDispute } from "../open-dispute.ts";
import type { RoundPlan } from "../round-plan.ts";
import { Scenario } from "../scenario.ts";
import { envelopeOf, signed, signedUpdate } from "../signed.ts";
import { keypairOf } from "../test-chain.ts";

/** The accounts whose bytes are in `test/vectors/accounts/`. No field that can be set is zero. */
export interface GoldenAccounts {
  readonly scenario: Scenario;
  readonly federation: PublicKey;
  readonly member: PublicKey;
  /** A committed round in its challenge window. */
  readonly round: PublicKey;
}

/**
 * Makes the same accounts in every run: keys derive from labels; times and slot hashes are fixed.
 */
export function goldenAccounts(): GoldenAccounts {
  const scenario = Scenario.ready("golden");
  const { federation, stranger } = scenario;
  const owner = scenario.join("golden member");
  const earned = scenario.earned([owner, 300n]);
  const first = scenario.completeRound(earned);
  scenario.run("reward_claim", scenario.claimInstruction(first, owner, earned), [stranger]);
  const updateKey = keypairOf("golden key").publicKey;
  const rotate = memberRotateKey(PROGRAM_ID, { federation, owner: owner.publicKey, updateKey });
  scenario.run("member_rotate_key", rotate, [owner]);
  const second = scenario.open();
  scenario.commit(second, scenario.earned([owner, 450n]));
  return {
    scenario,
    federation,
    member: scenario.memberAddress(owner),
    round: scenario.round(second).address,
  };
}

/**
 * A dispute that only needs the server's next state, and the first half of an equivocation proof.
 */
export interface GoldenDispute {
  readonly scenario: Scenario;
  readonly dispute: OpenDispute;
  readonly equivocation: PublicKey;
}

export function goldenDispute(): GoldenDispute {
  const base = Int32Array.from({ length: 100 }, (_, j) => (j - 50) * 1_000_003);
  const state = base.map((value) => value >> 2);
  const empty: RoundPlan = { rules: fedavgm(30_000), base, state, updates: [] };
  const scenario = disputable(empty, "golden disputed");
  const owner = scenario.join("golden signer");
  const delta = base.map((value) => value >> 5);
  const round = new DisputedRound(scenario, {
    ...empty,
    updates: [signedUpdate(scenario, owner, base, delta, 3)],
  });
  const dispute = round.challenge(
    { kind: "chunk", index: 1 },
    scenario.challenger("golden challenger"),
  );
  dispute.feedLeaf(0);
  for (const vector of ["base", "next", "baseState"] as const) dispute.feedVector(vector);
  return { scenario, dispute, equivocation: report(scenario, round, owner) };
}

function report(scenario: Scenario, { plan, number }: DisputedRound, owner: Keypair): PublicKey {
  const reporter = scenario.challenger("golden reporter");
  const member = scenario.memberAddress(owner);
  const update = { delta: plan.base, weight: 4 };
  const envelope = signed(
    envelopeOf(scenario, owner, plan.base, update, number),
    scenario.updateKey(owner),
  );
  const half = { member, reporter: reporter.publicKey, round: number, sequence: 7n, envelope };
  scenario.run("equivocation_open", equivocationOpen(PROGRAM_ID, half), [reporter]);
  return equivocationAddress(PROGRAM_ID, member, reporter.publicKey, number, 7n);
}
