import type { Rules } from "@plenary/algorithms";
import type { RewardLeaf, RoundCommitment, UpdateLeaf } from "@plenary/protocol";

/*
 * What the rounds need of the chain. Addresses, keys and hashes are 32 bytes; times are
 * milliseconds since 1970 by the chain's clock. Every call may throw `chain-unavailable`;
 * transactions also throw `transaction-failed` with the program's sentence.
 */

export interface LedgerFederation {
  readonly authority: Uint8Array;
  readonly aggregator: Uint8Array;
  readonly paused: boolean;
  readonly rewardMint: Uint8Array;
  readonly configurationHash: Uint8Array;
  readonly parameterCount: number;
  /** The rules by which the program judges rounds. */
  readonly rules: Rules;
  readonly nextRound: bigint;
  /** The round that collects updates; 0 if there is none. */
  readonly openRound: bigint;
  readonly finalRound: bigint;
  readonly lastCommittedRound: bigint;
  readonly lastModelRoot: Uint8Array;
  readonly lastStateRoot: Uint8Array;
  /** Committed rounds that are not final yet. */
  readonly pendingRounds: readonly bigint[];
}

export interface LedgerMember {
  readonly address: Uint8Array;
  readonly owner: Uint8Array;
  readonly updateKey: Uint8Array;
  readonly previousKey: Uint8Array;
  readonly keySinceRound: bigint;
  readonly payout: Uint8Array;
  readonly joinedRound: bigint;
  /** First round that the member may not take part in; 0 while it stays. */
  readonly exitRound: bigint;
  readonly claimed: bigint;
}

export interface LedgerRound {
  readonly status: "open" | "committed" | "final" | "void";
  readonly baseRound: bigint;
  readonly baseRoot: Uint8Array;
  readonly slotHash: Uint8Array;
  /** Hash of a later slot hash and the round's envelopes. Undefined until audits are drawn. */
  readonly auditDrawn: Uint8Array | undefined;
  readonly openedAt: number;
  readonly deadlineAt: number;
  /** Last moment at which the round can be committed. */
  readonly commitBy: number;
  readonly committedAt: number;
  readonly challengeEndsAt: number;
  readonly manifestHash: Uint8Array;
  /** Challenges of the round that have not ended. */
  readonly openDisputes: number;
}

/**
 * A vector of a round. A dispute is decided by one chunk of it. `delta` is the update in the leaf
 * that was folded last.
 */
export type LedgerVector = "delta" | "base" | "next" | "baseState" | "nextState";

/** A challenge of a committed round that has not ended. */
export interface LedgerDispute {
  readonly address: Uint8Array;
  /** Address of the round. */
  readonly round: Uint8Array;
  readonly challenger: Uint8Array;
  readonly kind: "chunk" | "envelope" | "omission" | "shortfall" | "total";
  /** Chunk or leaf that the dispute is about; 0 for omissions and totals. */
  readonly index: number;
  /** Number of leaves that were folded. */
  readonly nextLeaf: number;
  /**
   * What is missing before the dispute can be decided by folding. Null if nothing is missing, or if
   * folding does not decide it.
   */
  readonly missing: "leaf" | LedgerVector | null;
  /** Hash of the leaf whose envelope is demanded. */
  readonly targetHash: Uint8Array;
  /** The side that the evidence has proven right; null while nothing is proven. */
  readonly provenRight: "challenger" | "aggregator" | null;
  /** Last moment at which what is demanded can be given; null while nothing is demanded. */
  readonly demandedUntil: number | null;
  /** The challenger's deposit, in base units. */
  readonly deposit: bigint;
  readonly openedAt: number;
  /** Last moment at which the challenger may act. */
  readonly expiresAt: number;
}

/** A challenge that is over, read from the transactions of its round. */
export interface LedgerEndedDispute
  extends Pick<
    LedgerDispute,
    "address" | "challenger" | "kind" | "index" | "deposit" | "openedAt"
  > {
  readonly ending: LedgerEnding;
}

/** How a challenge has ended, read from the transaction that ended it. */
export interface LedgerEnding {
  readonly verdict: "upheld" | "rejected" | "moot";
  /** Name of the fault on chain; null unless the challenge was upheld. */
  readonly fault: string | null;
  readonly transaction: string;
}

/** The answer to a demand, with its proof. */
export type LedgerAnswer =
  | {
      readonly kind: "update-leaf";
      readonly leaf: UpdateLeaf;
      readonly path: readonly Uint8Array[];
    }
  | {
      readonly kind: "reward-leaf";
      readonly leaf: RewardLeaf;
      readonly path: readonly Uint8Array[];
    }
  /** 64 integers, padded with zeros where the vector ends. */
  | { readonly kind: "chunk"; readonly values: Int32Array; readonly path: readonly Uint8Array[] }
  | {
      readonly kind: "envelope";
      readonly leaf: UpdateLeaf;
      readonly message: Uint8Array;
      readonly signature: Uint8Array;
      readonly signingKey: Uint8Array;
    };

/** Called with a transaction's signature (base58) before it is sent. */
export type OnSigned = (signature: string) => Promise<void>;

export interface Ledger {
  readonly programId: Uint8Array;
  /** Address of the aggregator, which signs receipts and transactions. */
  readonly aggregator: Uint8Array;
  genesisHash(): Promise<Uint8Array>;
  /** The chain's clock. */
  now(): Promise<number>;
  /** What the aggregator's account holds, which pays for its transactions. */
  lamports(): Promise<bigint>;
  roundAddress(federation: Uint8Array, number: bigint): Uint8Array;
  /** Address of an owner's Member account, whether or not it exists. */
  memberAddress(federation: Uint8Array, owner: Uint8Array): Uint8Array;
  federation(address: Uint8Array): Promise<LedgerFederation | undefined>;
  members(federation: Uint8Array): Promise<LedgerMember[]>;
  /** A member by its address; undefined if this federation does not have it. */
  member(federation: Uint8Array, address: Uint8Array): Promise<LedgerMember | undefined>;
  round(federation: Uint8Array, number: bigint): Promise<LedgerRound | undefined>;
  /** Whether `authority` runs a federation whose aggregator is this service. */
  isAuthority(authority: Uint8Array): Promise<boolean>;
  openRound(
    federation: Uint8Array,
    round: {
      number: bigint;
      baseRoot: Uint8Array;
      baseStateRoot: Uint8Array;
      collectSeconds: number;
    },
    onSigned: OnSigned,
  ): Promise<string>;
  /** Draws the audits of an open round from its envelopes. */
  drawAudits(
    federation: Uint8Array,
    number: bigint,
    envelopesRoot: Uint8Array,
    onSigned: OnSigned,
  ): Promise<string>;
  /** The slot hash that a round's audits were drawn with, from the event of that transaction. */
  auditSlotHash(federation: Uint8Array, number: bigint): Promise<Uint8Array>;
  commitRound(
    federation: Uint8Array,
    number: bigint,
    commitment: RoundCommitment,
    onSigned: OnSigned,
  ): Promise<string>;
  finalizeRound(federation: Uint8Array, number: bigint, onSigned: OnSigned): Promise<string>;
  voidRound(federation: Uint8Array, number: bigint, onSigned: OnSigned): Promise<string>;
  /** All challenges of a federation's rounds that have not ended. */
  disputes(federation: Uint8Array): Promise<LedgerDispute[]>;
  /**
   * How the challenge that was opened at this address at that moment has ended. Null if the chain
   * does not show it.
   */
  disputeEnding(dispute: Uint8Array, openedAt: number): Promise<LedgerEnding | null>;
  /** The newest challenges of a round that are over. */
  endedDisputes(federation: Uint8Array, number: bigint): Promise<LedgerEndedDispute[]>;
  /**
   * Gives a dispute what it demands. If the answer is sent twice, the second is refused and nothing
   * is lost.
   */
  answerDispute(
    federation: Uint8Array,
    number: bigint,
    dispute: Uint8Array,
    answer: LedgerAnswer,
  ): Promise<string>;
  /**
   * Ends a dispute that can be ended. False if the challenger has to be paid for that, and `pay` is
   * false or the challenger has no account at the usual address.
   */
  resolveDispute(
    federation: Uint8Array,
    number: bigint,
    dispute: LedgerDispute,
    pay: boolean,
  ): Promise<boolean>;
}
