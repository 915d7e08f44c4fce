import type { RoundCommitment } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeFields } from "./account-fields.ts";
import { FEDERATION_OFFSET, readAccount, readProgramAccounts } from "./read-account.ts";

const STATUSES = { Open: "open", Committed: "committed", Final: "final", Void: "void" } as const;
export type RoundStatus = (typeof STATUSES)[keyof typeof STATUSES];

/** A Round account. Times are Unix seconds. */
export interface Round extends RoundCommitment {
  address: PublicKey;
  federation: PublicKey;
  number: bigint;
  status: RoundStatus;
  rentPayer: PublicKey;
  aggregator: PublicKey;
  configurationHash: Uint8Array;
  strategy: number;
  momentum: number;
  parameterCount: number;
  maxUpdates: number;
  maxWeight: number;
  rewardBudget: bigint;
  challengeWindow: number;
  baseRound: bigint;
  baseRoot: Uint8Array;
  baseStateRoot: Uint8Array;
  baseCumulativeRewards: bigint;
  slot: bigint;
  /** Hash of the newest slot before the round opened; seeds derive from it. */
  slotHash: Uint8Array;
  /** First slot and its hash after uploads closed, from which audits are drawn; zero for rounds that are not audited. */
  auditSlot: bigint;
  auditSlotHash: Uint8Array;
  openedAt: bigint;
  deadline: bigint;
  commitBy: bigint;
  committedAt: bigint;
  challengeEndsAt: bigint;
  openDisputes: number;
}

/** Decodes a Round account's bytes. Throws `invalid-input` if they are something else. */
export function decodeRound(address: PublicKey, data: Uint8Array): Round {
  const fields = decodeFields("Round", data);
  return {
    address,
    federation: fields.address("federation"),
    number: fields.amount("number"),
    status: statusOf(fields.variant("status")),
    rentPayer: fields.address("rentPayer"),
    aggregator: fields.address("aggregator"),
    configurationHash: fields.hash("configurationHash"),
    strategy: fields.integer("strategy"),
    momentum: fields.integer("momentum"),
    parameterCount: fields.integer("parameterCount"),
    maxUpdates: fields.integer("maxUpdates"),
    maxWeight: fields.integer("maxWeight"),
    rewardBudget: fields.amount("rewardBudget"),
    challengeWindow: fields.integer("challengeWindow"),
    baseRound: fields.amount("baseRound"),
    baseRoot: fields.hash("baseRoot"),
    baseStateRoot: fields.hash("baseStateRoot"),
    baseCumulativeRewards: fields.amount("baseCumulativeRewards"),
    slot: fields.amount("slot"),
    slotHash: fields.hash("slotHash"),
    auditSlot: fields.amount("auditSlot"),
    auditSlotHash: fields.hash("auditSlotHash"),
    openedAt: fields.amount("openedAt"),
    deadline: fields.amount("deadline"),
    commitBy: fields.amount("commitBy"),
    committedAt: fields.amount("committedAt"),
    challengeEndsAt: fields.amount("challengeEndsAt"),
    nextRoot: fields.hash("nextRoot"),
    nextStateRoot: fields.hash("nextStateRoot"),
    updatesRoot: fields.hash("updatesRoot"),
    updateCount: fields.integer("updateCount"),
    totalWeight: fields.integer("totalWeight"),
    rewardsRoot: fields.hash("rewardsRoot"),
    rewardCount: fields.integer("rewardCount"),
    cumulativeRewards: fields.amount("cumulativeRewards"),
    manifestHash: fields.hash("manifestHash"),
    openDisputes: fields.integer("openDisputes"),
  };
}

function statusOf(variant: string): RoundStatus {
  switch (variant) {
    case "Open":
    case "Committed":
    case "Final":
    case "Void":
      return STATUSES[variant];
    default:
      throw new Error(
        `The round has the status ${variant}, which this client does not know; update the client.`,
      );
  }
}

/** Reads a round at commitment `confirmed`; null if there is none at the address (not opened yet, or closed). */
export function readRound(connection: Connection, address: PublicKey): Promise<Round | null> {
  return readAccount(connection, address, decodeRound);
}

/** All rounds of a federation that are not closed, ascending by number. */
export async function listRounds(
  connection: Connection,
  program: PublicKey,
  federation: PublicKey,
): Promise<Round[]> {
  const filters = [{ memcmp: { offset: FEDERATION_OFFSET, bytes: federation.toBase58() } }];
  const rounds = await readProgramAccounts(connection, program, "Round", filters, decodeRound);
  return rounds.sort((left, right) => (left.number < right.number ? -1 : 1));
}
