import { memberRotateKey, PROGRAM_ID } from "@plenary/chain";
import type { PublicKey } from "@solana/web3.js";
import { Scenario } from "./scenario.ts";
import { keypairOf } from "./test-chain.ts";

/** Accounts in a state in which no field that can be set is zero, as `test/vectors/accounts/` keeps their bytes. */
export interface GoldenAccounts {
  readonly scenario: Scenario;
  readonly federation: PublicKey;
  readonly member: PublicKey;
  /** A committed round whose window is not over. */
  readonly round: PublicKey;
}

/** The same accounts in every run: keys derive from labels, times and slot hashes are fixed. */
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
