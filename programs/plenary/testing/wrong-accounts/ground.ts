import {
  escrowAddress,
  PROGRAM_ID,
  roundAddress,
  TOKEN_2022_PROGRAM,
  vaultAddress,
} from "@plenary/chain";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import type { Earned } from "../rewards.ts";
import { Scenario } from "../scenario.ts";
import { createMint } from "../tokens.ts";

/** One instruction that succeeds at this point, and who signs it. */
export interface Step {
  readonly instructions: readonly TransactionInstruction[];
  readonly signers: readonly Keypair[];
  /** `account <- substitute` pairs that are rightly accepted. */
  readonly accepted?: readonly string[];
}

/** A step with its instruction's name; it is built late, since it needs what earlier ones did. */
export type NamedStep = readonly [string, () => Step];

/** Two federations with one mint, and what could be mistaken for an account of the first. */
export interface Ground {
  readonly mine: Scenario;
  /** Members of the first federation, and what they have earned. */
  readonly owner: Keypair;
  readonly other: Keypair;
  readonly earned: readonly Earned[];
  /** Signers that may replace another signer. */
  readonly strangers: readonly Keypair[];
  /** What could replace an account of a federation, by name. */
  substitutesIn(scenario: Scenario): Readonly<Record<string, PublicKey>>;
}

/** Names of substitutes that sign. */
export const SIGNERS = ["stranger", "foreignAuthority", "foreignAggregator"];
/** Names of token accounts in the right mint that another owner has. */
export const TOKEN_ACCOUNTS = ["strangerTokens", "foreignTokens", "foreignVault", "foreignEscrow"];

/** Pairs for `Step.accepted`: `account` may be any of the substitutes. */
export function accepting(account: string, substitutes: readonly string[]): string[] {
  return substitutes.map((substitute) => `${account} <- ${substitute}`);
}

export function layGround(): Ground {
  const mine = Scenario.ready("first");
  const theirs = Scenario.ready("second", {}, mine.chain, mine.mint);
  const owner = mine.join("member one");
  const other = mine.join("member two");
  const foreign = theirs.join("foreign member");
  theirs.completeRound(theirs.earned([foreign, 500n]));
  mine.completeRound();
  const { stranger, chain } = mine;
  const foreignMint = createMint(chain, "foreign mint");
  const near = {
    stranger: stranger.publicKey,
    strangerTokens: mine.tokensFor(stranger, 1000n),
    foreignTokens: theirs.tokensFor(theirs.aggregator, 1000n),
    otherMintTokens: mine.tokensFor(owner, 1000n, foreignMint),
    otherMint: foreignMint,
    otherTokenProgram: TOKEN_2022_PROGRAM,
    otherMember: mine.memberAddress(other),
    foreignMember: theirs.memberAddress(foreign),
    foreignFederation: theirs.federation,
    foreignVault: vaultAddress(PROGRAM_ID, theirs.federation),
    foreignEscrow: escrowAddress(PROGRAM_ID, theirs.federation),
    foreignRound: roundAddress(PROGRAM_ID, theirs.federation, 1n),
    foreignAuthority: theirs.authority.publicKey,
    foreignAggregator: theirs.aggregator.publicKey,
  };
  return {
    mine,
    owner,
    other,
    earned: mine.earned([owner, 100n], [other, 200n]),
    strangers: [stranger, theirs.authority, theirs.aggregator],
    substitutesIn: ({ federation }) => ({
      ...near,
      ownVault: vaultAddress(PROGRAM_ID, federation),
      ownEscrow: escrowAddress(PROGRAM_ID, federation),
      ownFederation: federation,
    }),
  };
}
