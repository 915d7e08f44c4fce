import {
  bondDeposit,
  federationCreate,
  memberExit,
  memberJoin,
  PROGRAM_ID,
  rewardClaim,
  roundCommit,
  roundFinalize,
  roundOpen,
  type Terms,
  vaultFund,
} from "@plenary/chain";
import { auditPath, EMPTY_ROOT, merkleRoot, type RoundCommitment } from "@plenary/protocol";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import { FEDAVG } from "../../../testing/index.ts";
import { type Earned, rewardHashes, sorted } from "./rewards.ts";
import { Stage } from "./stage.ts";
import { digest, TestChain } from "./test-chain.ts";

/** The life of a federation on its stage: creation, members, rounds and claims. */
export class Scenario extends Stage {
  /** Creates a federation, funds it with 10,000 and bonds it with 600. */
  static ready(
    name = "first",
    terms: Partial<Terms> = {},
    chain = new TestChain(),
    mint?: PublicKey,
    creation: Partial<Parameters<typeof federationCreate>[1]> = {},
  ): Scenario {
    const scenario = new Scenario(chain, name, terms, mint);
    scenario.run("federation_create", scenario.createInstruction(creation), [scenario.authority]);
    const source = scenario.tokensFor(scenario.aggregator, 20_000n);
    const { aggregator, federation, mint: rewardMint, tokenProgram } = scenario;
    const token = { federation, rewardMint, tokenProgram };
    const fund = { ...token, funder: aggregator.publicKey, source, amount: 10_000n };
    scenario.run("vault_fund", vaultFund(PROGRAM_ID, fund), [aggregator]);
    scenario.bond(600n);
    return scenario;
  }

  /** Adds to the bond from the aggregator's tokens. */
  bond(amount: bigint): void {
    const { aggregator, federation, mint: rewardMint, tokenProgram } = this;
    const source = this.tokenAccount(aggregator);
    const bond = {
      federation,
      rewardMint,
      tokenProgram,
      aggregator: aggregator.publicKey,
      source,
      amount,
    };
    this.run("bond_deposit", bondDeposit(PROGRAM_ID, bond), [aggregator]);
  }

  /** An actor with 1,000 tokens for deposits. */
  challenger(label = "challenger"): Keypair {
    const challenger = this.chain.actor(label);
    this.tokensFor(challenger, 1_000n);
    return challenger;
  }

  createInstruction(
    changes: Partial<Parameters<typeof federationCreate>[1]> = {},
  ): TransactionInstruction[] {
    return federationCreate(PROGRAM_ID, {
      authority: this.authority.publicKey,
      rewardMint: this.mint,
      tokenProgram: this.tokenProgram,
      id: 7n,
      terms: this.terms,
      modelRoot: digest("genesis model"),
      stateRoot: EMPTY_ROOT,
      parameterCount: 100,
      rules: FEDAVG,
      ...changes,
    });
  }

  /** Joins with the minimum stake. */
  join(label: string, stake = 50n): Keypair {
    const owner = this.chain.actor(label);
    this.tokensFor(owner, 100n);
    this.run("member_join", this.joinInstruction(owner, { stake }), [this.payer, owner]);
    return owner;
  }

  joinInstruction(
    owner: Keypair,
    changes: Partial<Parameters<typeof memberJoin>[1]> = {},
  ): TransactionInstruction[] {
    return memberJoin(PROGRAM_ID, {
      federation: this.federation,
      rewardMint: this.mint,
      tokenProgram: this.tokenProgram,
      owner: owner.publicKey,
      payer: this.payer.publicKey,
      source: this.tokenAccount(owner),
      payout: this.tokenAccount(owner),
      updateKey: this.updateKey(owner).publicKey,
      stake: 50n,
      ...changes,
    });
  }

  exit(owner: Keypair): void {
    const exit = memberExit(PROGRAM_ID, { federation: this.federation, owner: owner.publicKey });
    this.run("member_exit", exit, [owner]);
  }

  openInstruction(
    changes: Partial<Parameters<typeof roundOpen>[1]> = {},
  ): TransactionInstruction[] {
    const state = this.state();
    return roundOpen(PROGRAM_ID, {
      federation: this.federation,
      aggregator: this.aggregator.publicKey,
      payer: this.payer.publicKey,
      number: state.nextRound,
      baseRoot: state.lastModelRoot,
      baseStateRoot: state.lastStateRoot,
      collectSeconds: 60,
      ...changes,
    });
  }

  /** Opens the next round; returns its number. */
  open(): bigint {
    const number = this.state().nextRound;
    this.run("round_open", this.openInstruction(), [this.payer, this.aggregator]);
    return number;
  }

  result(
    number: bigint,
    earned: readonly Earned[] = [],
    changes: Partial<RoundCommitment> = {},
  ): RoundCommitment {
    return {
      nextRoot: digest(`model after round ${number}`),
      nextStateRoot: EMPTY_ROOT,
      updatesRoot: digest(`updates of round ${number}`),
      updateCount: 3,
      totalWeight: 30,
      rewardsRoot: merkleRoot(rewardHashes(earned)),
      rewardCount: earned.length,
      cumulativeRewards: earned.reduce((sum, { cumulative }) => sum + cumulative, 0n),
      manifestHash: digest(`manifest of round ${number}`),
      ...changes,
    };
  }

  commitInstruction(number: bigint, result: RoundCommitment): TransactionInstruction[] {
    return roundCommit(PROGRAM_ID, {
      federation: this.federation,
      aggregator: this.aggregator.publicKey,
      number,
      result,
    });
  }

  commit(number: bigint, earned: readonly Earned[] = []): void {
    this.run("round_commit", this.commitInstruction(number, this.result(number, earned)), [
      this.aggregator,
    ]);
  }

  finalize(number: bigint): void {
    this.run("round_finalize", roundFinalize(PROGRAM_ID, { federation: this.federation, number }), [
      this.payer,
    ]);
  }

  /** Opens, commits and finalises one round; returns its number. */
  completeRound(earned: readonly Earned[] = []): bigint {
    const number = this.open();
    this.commit(number, earned);
    this.chain.now += BigInt(this.terms.challengeWindow);
    this.finalize(number);
    return number;
  }

  claimInstruction(
    number: bigint,
    owner: Keypair,
    earned: readonly Earned[],
    changes: Partial<Parameters<typeof rewardClaim>[1]> = {},
  ): TransactionInstruction[] {
    const member = this.memberAddress(owner);
    const leaves = sorted(earned);
    const index = leaves.findIndex((leaf) => leaf.member.equals(member));
    return rewardClaim(PROGRAM_ID, {
      federation: this.federation,
      rewardMint: this.mint,
      tokenProgram: this.tokenProgram,
      number,
      member,
      payout: this.tokenAccount(owner),
      cumulative: leaves[index]?.cumulative ?? 0n,
      index,
      path: auditPath(rewardHashes(earned), index),
      ...changes,
    });
  }

  /** What several members have earned, for a rewards tree. */
  earned(...amounts: readonly [Keypair, bigint][]): Earned[] {
    return amounts.map(([owner, cumulative]) => ({
      member: this.memberAddress(owner),
      cumulative,
    }));
  }
}
