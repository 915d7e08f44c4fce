import type { Connection, PublicKey } from "@solana/web3.js";
import {
  DISPUTE_KINDS,
  type DisputeKind,
  type DisputeVerdict,
  FAULTS,
  type Fault,
  nameOf,
  VERDICTS,
} from "./dispute.ts";
import { type ProgramEvent, parseEvents } from "./events.ts";
import type { Events } from "./generated/structures.ts";
import { readHistory, readTransaction } from "./history.ts";

/** How a dispute ended. */
export interface DisputeEnding {
  readonly verdict: DisputeVerdict;
  /** `none` unless it was upheld. */
  readonly fault: Fault;
  /** What the challenger got beside its deposit, in base units of the reward mint. */
  readonly reward: bigint;
  /** What the vault got. */
  readonly toVault: bigint;
  /** Signature of the transaction that ended it, in base58. */
  readonly transaction: string;
}

/** A dispute that is over. Its account is gone, so this follows from two transactions. */
export interface EndedDispute {
  readonly address: PublicKey;
  readonly challenger: PublicKey;
  readonly kind: DisputeKind;
  /** The chunk or leaf that it was opened about; 0 for omissions and totals. */
  readonly index: number;
  readonly deposit: bigint;
  /** Unix seconds. */
  readonly openedAt: bigint;
  readonly ending: DisputeEnding;
}

/** Each fault in words that can follow a verdict. */
export const FAULT_TEXTS: Readonly<Record<Fault, string>> = {
  none: "nothing was wrong",
  "leaf-version": "a leaf is of a version that does not exist",
  "leaves-unsorted": "members do not ascend in the leaves",
  "weight-above-limit": "a weight is above the federation's limit",
  "reason-mismatch":
    "weight and reason of a leaf contradict each other, or there is no such reason",
  "delta-out-of-range": "an entry of an update is 2^27 or more in magnitude",
  "padding-not-zero": "padding is not zero",
  "total-mismatch": "weights or rewards do not add up",
  "wrong-chunk": "the chunk does not follow from the updates",
  "demand-unanswered": "the aggregator did not show what was demanded",
  "member-omitted": "a member with a receipt was left out",
  "reward-fell": "a member's reward fell or is gone",
};

/*
 * Most transactions that are searched, newest first. Anyone can name an address in transactions
 * without effect. They can hide a line of a list, and must not cost more than this many requests.
 */
const MOST_OF_A_DISPUTE = 20;
const MOST_OF_A_ROUND = 200;

/**
 * How the dispute that was opened at `openedAt` (Unix seconds) ended, or null if the chain does not
 * show it. If the same challenger has disputed the same thing several times since then, this is the
 * last ending. Throws `chain-unavailable`.
 */
export async function readDisputeEnding(
  connection: Connection,
  program: PublicKey,
  dispute: PublicKey,
  openedAt: bigint,
): Promise<DisputeEnding | null> {
  const transactions = await readHistory(connection, dispute, MOST_OF_A_DISPUTE);
  // Earlier transactions belong to an earlier dispute at the same address.
  const since = transactions.filter(({ time }) => time === null || time >= openedAt);
  return findDisputeEnding(
    connection,
    program,
    dispute,
    since.map(({ signature }) => signature),
  );
}

/**
 * The ending that the first of these transactions with one gave a dispute, or null. Throws
 * `chain-unavailable`.
 */
export async function findDisputeEnding(
  connection: Connection,
  program: PublicKey,
  dispute: PublicKey,
  signatures: Iterable<string>,
): Promise<DisputeEnding | null> {
  for (const signature of signatures) {
    for (const event of await eventsOf(connection, program, signature))
      if (event.name === "DisputeResolved" && dispute.equals(event.fields.dispute))
        return endingOf(event.fields, signature);
  }
  return null;
}

/**
 * Disputes of a round that are over, in the order in which they ended, as the newest transactions
 * of the round's account show them. Throws `chain-unavailable`.
 */
export async function readEndedDisputes(
  connection: Connection,
  program: PublicKey,
  round: PublicKey,
): Promise<EndedDispute[]> {
  const opened = new Map<string, Omit<EndedDispute, "ending">>();
  const ended: EndedDispute[] = [];
  const transactions = await readHistory(connection, round, MOST_OF_A_ROUND);
  for (const { signature, time } of transactions.reverse())
    for (const event of await eventsOf(connection, program, signature)) {
      if (event.name === "DisputeOpened" && time !== null) {
        const { dispute: address, challenger, kind, index, deposit } = event.fields;
        const dispute = { address, challenger, kind: nameOf(DISPUTE_KINDS, kind), index, deposit };
        opened.set(address.toBase58(), { ...dispute, openedAt: time });
      }
      if (event.name !== "DisputeResolved") continue;
      const found = opened.get(event.fields.dispute.toBase58());
      if (found) ended.push({ ...found, ending: endingOf(event.fields, signature) });
    }
  return ended;
}

async function eventsOf(
  connection: Connection,
  program: PublicKey,
  signature: string,
): Promise<ProgramEvent[]> {
  const found = await readTransaction(connection, signature);
  return parseEvents(program, found?.meta?.logMessages ?? []);
}

function endingOf(
  { verdict, fault, reward, toVault }: Events["DisputeResolved"],
  transaction: string,
): DisputeEnding {
  return {
    verdict: nameOf(VERDICTS, verdict),
    fault: nameOf(FAULTS, fault),
    reward,
    toVault,
    transaction,
  };
}
