import assert from "node:assert/strict";
import {
  decodeFederation,
  decodeMember,
  decodeRound,
  type Federation,
  federationAddress,
  type Member,
  memberAddress,
  PROGRAM_ID,
  type Round,
  roundAddress,
  type Terms,
  tokenAccountAddress,
} from "@plenary/chain";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import { testTerms } from "../../../testing/index.ts";
import { keypairOf, type Outcome, type TestChain } from "./test-chain.ts";
import { createMint, issue } from "./tokens.ts";

/** A federation on a test chain and everybody who acts on it: their keys, tokens and accounts. */
export class Stage {
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
    this.terms = testTerms(this.aggregator.publicKey, {
      rewardPerRound: 1000n,
      minimumStake: 50n,
      minimumBond: 500n,
      challengeWindow: 60,
      grace: 30,
      exitCooldown: 100,
      ...terms,
    });
    this.federation = federationAddress(PROGRAM_ID, this.authority.publicKey, 7n);
  }

  /** Runs instructions that must succeed, then checks the federation's solvency. */
  run(
    label: string,
    instructions: readonly TransactionInstruction[],
    signers: readonly Keypair[],
  ): Outcome {
    const outcome = this.chain.run(label, instructions, signers);
    this.checkSolvency();
    return outcome;
  }

  /** Sends instructions that the program must refuse with the error `name`. */
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

  /** Adds `amount` to the owner's token account; returns its address. */
  tokensFor(owner: Keypair, amount: bigint, mint = this.mint): PublicKey {
    return issue(this.chain, mint, owner.publicKey, amount);
  }

  tokenAccount(owner: Keypair): PublicKey {
    return tokenAccountAddress(this.mint, owner.publicKey, this.tokenProgram);
  }

  /** The key that signs the updates of a member that joined with `join`. */
  updateKey(owner: Keypair): Keypair {
    return keypairOf(`update key of ${owner.publicKey.toBase58()}`);
  }
}
