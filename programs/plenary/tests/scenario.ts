import assert from "node:assert/strict";
import {
  bondDeposit,
  decodeFederation,
  decodeMember,
  decodeRound,
  type Federation,
  federationAddress,
  federationCreate,
  type Member,
  MINT_LENGTH,
  memberAddress,
  memberExit,
  memberJoin,
  mintCreate,
  mintTo,
  PROGRAM_ID,
  type Round,
  rewardClaim,
  roundAddress,
  roundCommit,
  roundFinalize,
  roundOpen,
  type Terms,
  TOKEN_PROGRAM,
  tokenAccountAddress,
  tokenAccountCreate,
  vaultFund,
} from "@plenary/chain";
import {
  auditPath,
  compareBytes,
  EMPTY_ROOT,
  encodeRewardLeaf,
  leafHash,
  merkleRoot,
  type RoundCommitment,
} from "@plenary/protocol";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import { FEDAVG } from "./rules.ts";
import { digest, keypairOf, type Outcome, TestChain } from "./test-chain.ts";

export const DECIMALS = 6;

/** What one member has earned since the federation began. */
export interface Earned {
  readonly member: PublicKey;
  readonly cumulative: bigint;
}

/** A federation on a test chain with everybody who may act on it. */
export class Scenario {
  readonly chain: TestChain;
  readonly authority: Keypair;
  readonly aggregator: Keypair;
  readonly payer: Keypair;
  readonly stranger: Keypair;
  readonly mint: PublicKey;
  /** The program that owns the mint. */
  readonly tokenProgram: PublicKey;
  readonly terms: Terms;
  readonly federation: PublicKey;

  /** `name` keeps the keys of two federations on one chain apart. */
  constructor(chain: TestChain, name: string, terms: Partial<Terms> = {}, mint?: PublicKey) {
    this.chain = chain;
    this.authority = chain.actor(`${name} authority`);
    this.aggregator = chain.actor(`${name} aggregator`);
    this.payer = chain.actor(`${name} payer`);
    this.stranger = chain.actor(`${name} stranger`);
    this.mint = mint ?? createMint(chain, `${name} mint`);
    this.tokenProgram = chain.owner(this.mint);
    this.terms = {
      aggregator: this.aggregator.publicKey,
      admission: "open",
      configurationHash: digest("configuration"),
      maxUpdates: 16,
      maxWeight: 1000,
      rewardPerRound: 1000n,
      minimumStake: 50n,
      minimumBond: 500n,
      challengeWindow: 60,
      collectLimit: 600,
      grace: 30,
      exitCooldown: 100,
      ...terms,
    };
    this.federation = federationAddress(PROGRAM_ID, this.authority.publicKey, 7n);
  }

  /** A federation that is created, funded with 10,000 and bonded with 600. */
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

  /** Adds to the bond, from what the aggregator has. */
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

  /** Somebody with 1,000 tokens for deposits. */
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

  /** Runs what must succeed, then checks what must always hold. */
  run(
    label: string,
    instructions: readonly TransactionInstruction[],
    signers: readonly Keypair[],
  ): Outcome {
    const outcome = this.chain.run(label, instructions, signers);
    this.checkSolvency();
    return outcome;
  }

  /** Sends what must be refused with the program's error `name`. */
  refuse(
    name: string,
    instructions: readonly TransactionInstruction[],
    signers: readonly Keypair[],
  ): void {
    const outcome = this.chain.send(instructions, signers);
    assert.equal(outcome.error, name, outcome.logs.join("\n"));
  }

  /** The vault covers what is owed, and the escrow holds exactly stakes, bond and deposits. */
  checkSolvency(): void {
    const state = this.state();
    const reserved = state.openRound === 0n ? 0n : state.rewardPerRound;
    const owed = state.promised - state.totalClaimed + reserved;
    assert.ok(this.chain.tokens(state.vault) >= owed, "the vault covers what is owed");
    assert.equal(this.chain.tokens(state.escrow), state.bond + state.stakes + state.deposits);
  }

  state(): Federation {
    return decodeFederation(this.federation, this.bytes(this.federation));
  }

  member(owner: Keypair): Member {
    const at = this.memberAddress(owner);
    return decodeMember(at, this.bytes(at));
  }

  round(number: bigint): Round {
    const at = roundAddress(PROGRAM_ID, this.federation, number);
    return decodeRound(at, this.bytes(at));
  }

  memberAddress(owner: Keypair): PublicKey {
    return memberAddress(PROGRAM_ID, this.federation, owner.publicKey);
  }

  bytes(at: PublicKey): Uint8Array {
    const data = this.chain.data(at);
    assert.ok(data !== null, `account ${at.toBase58()} exists`);
    return data;
  }

  /** The owner's token account, with `amount` more in it. */
  tokensFor(owner: Keypair, amount: bigint, mint = this.mint): PublicKey {
    return issue(this.chain, mint, owner.publicKey, amount);
  }

  tokenAccount(owner: Keypair): PublicKey {
    return tokenAccountAddress(this.mint, owner.publicKey, this.tokenProgram);
  }

  /** The key that signs the updates of who joined with `join`. */
  updateKey(owner: Keypair): Keypair {
    return keypairOf(`update key of ${owner.publicKey.toBase58()}`);
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

  /** What several members have earned, as the rewards tree needs it. */
  earned(...amounts: readonly [Keypair, bigint][]): Earned[] {
    return amounts.map(([owner, cumulative]) => ({
      member: this.memberAddress(owner),
      cumulative,
    }));
  }
}

/** A mint without extensions. */
export function createMint(
  chain: TestChain,
  label: string,
  tokenProgram = TOKEN_PROGRAM,
): PublicKey {
  const treasury = chain.actor("treasury");
  const mint = keypairOf(label);
  const payer = treasury.publicKey;
  const rent = Number(chain.svm.minimumBalanceForRentExemption(BigInt(MINT_LENGTH)));
  const key = mint.publicKey;
  const create = mintCreate({
    payer,
    mint: key,
    authority: payer,
    decimals: DECIMALS,
    rent,
    tokenProgram,
  });
  chain.run("mint", create, [treasury, mint]);
  return key;
}

/** Mints to the owner's associated token account, creating it where needed; returns its address. */
export function issue(
  chain: TestChain,
  mint: PublicKey,
  owner: PublicKey,
  amount: bigint,
): PublicKey {
  const treasury = chain.actor("treasury");
  const tokenProgram = chain.owner(mint);
  const destination = tokenAccountAddress(mint, owner, tokenProgram);
  const create = tokenAccountCreate({ payer: treasury.publicKey, mint, owner, tokenProgram });
  const supply = mintTo({ mint, authority: treasury.publicKey, destination, amount, tokenProgram });
  chain.run("mint", [...create, ...supply], [treasury]);
  return destination;
}

export function sorted(earned: readonly Earned[]): Earned[] {
  return [...earned].sort((left, right) =>
    compareBytes(left.member.toBytes(), right.member.toBytes()),
  );
}

export function rewardHashes(earned: readonly Earned[]): Uint8Array[] {
  return sorted(earned).map(({ member, cumulative }) =>
    leafHash(encodeRewardLeaf({ member: member.toBytes(), cumulative })),
  );
}
