import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeFields } from "./account-fields.ts";
import { readAccount, readProgramAccounts } from "./read-account.ts";

/** Who may join: anybody who stakes, or only whom the authority approves. */
export type Admission = "open" | "approved";

/** What the authority may change between rounds. Durations in seconds, amounts in base units of the reward mint. */
export interface Terms {
  aggregator: PublicKey;
  admission: Admission;
  configurationHash: Uint8Array;
  maxUpdates: number;
  maxWeight: number;
  rewardPerRound: bigint;
  minimumStake: bigint;
  minimumBond: bigint;
  /** Time between a round's commitment and its finality. */
  challengeWindow: number;
  /** Longest time that a round may collect updates. */
  collectLimit: number;
  /** Time after a round's deadline in which it can still be committed. */
  grace: number;
  /** Time between a member's exit and the withdrawal of its stake; at least the challenge window. */
  exitCooldown: number;
}

/** A Federation account. */
export interface Federation extends Terms {
  address: PublicKey;
  creator: PublicKey;
  id: bigint;
  authority: PublicKey;
  /** The default address while the authority is offered to nobody. */
  proposedAuthority: PublicKey;
  paused: boolean;
  rewardMint: PublicKey;
  vault: PublicKey;
  escrow: PublicKey;
  strategy: number;
  momentum: number;
  parameterCount: number;
  bond: bigint;
  stakes: bigint;
  deposits: bigint;
  nextRound: bigint;
  /** 0 while no round collects updates. */
  openRound: bigint;
  finalRound: bigint;
  /** The round that the next one builds on; 0 is the genesis model. */
  lastCommittedRound: bigint;
  lastModelRoot: Uint8Array;
  lastStateRoot: Uint8Array;
  /** Cumulative rewards as of the last committed round, as of the last final round, and paid out. */
  promised: bigint;
  totalEarned: bigint;
  totalClaimed: bigint;
  members: number;
  /** Committed rounds that are not final yet, oldest first. */
  pending: bigint[];
}

/** Decodes a Federation account's bytes. Throws `invalid-input` if they are something else. */
export function decodeFederation(address: PublicKey, data: Uint8Array): Federation {
  const fields = decodeFields("Federation", data);
  return {
    address,
    creator: fields.address("creator"),
    id: fields.amount("id"),
    authority: fields.address("authority"),
    proposedAuthority: fields.address("proposedAuthority"),
    aggregator: fields.address("aggregator"),
    admission: fields.variant("admission") === "Open" ? "open" : "approved",
    paused: fields.flag("paused"),
    rewardMint: fields.address("rewardMint"),
    vault: fields.address("vault"),
    escrow: fields.address("escrow"),
    configurationHash: fields.hash("configurationHash"),
    strategy: fields.integer("strategy"),
    momentum: fields.integer("momentum"),
    parameterCount: fields.integer("parameterCount"),
    maxUpdates: fields.integer("maxUpdates"),
    maxWeight: fields.integer("maxWeight"),
    rewardPerRound: fields.amount("rewardPerRound"),
    minimumStake: fields.amount("minimumStake"),
    minimumBond: fields.amount("minimumBond"),
    challengeWindow: fields.integer("challengeWindow"),
    collectLimit: fields.integer("collectLimit"),
    grace: fields.integer("grace"),
    exitCooldown: fields.integer("exitCooldown"),
    bond: fields.amount("bond"),
    stakes: fields.amount("stakes"),
    deposits: fields.amount("deposits"),
    nextRound: fields.amount("nextRound"),
    openRound: fields.amount("openRound"),
    finalRound: fields.amount("finalRound"),
    lastCommittedRound: fields.amount("lastCommittedRound"),
    lastModelRoot: fields.hash("lastModelRoot"),
    lastStateRoot: fields.hash("lastStateRoot"),
    promised: fields.amount("promised"),
    totalEarned: fields.amount("totalEarned"),
    totalClaimed: fields.amount("totalClaimed"),
    members: fields.integer("members"),
    pending: fields.amounts("pending"),
  };
}

/** Reads a federation at commitment `confirmed`; null if there is none at the address. */
export function readFederation(
  connection: Connection,
  address: PublicKey,
): Promise<Federation | null> {
  return readAccount(connection, address, decodeFederation);
}

/** All federations of a program. */
export function listFederations(connection: Connection, program: PublicKey): Promise<Federation[]> {
  return readProgramAccounts(connection, program, "Federation", [], decodeFederation);
}
