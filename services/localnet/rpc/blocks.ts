import bs58 from "bs58";
import Type from "typebox";
import type { Bank } from "../bank/bank.ts";
import { type HistoryEntry, recordOf } from "../bank/history.ts";
import { parseTransaction } from "../bank/message.ts";
import { SLOT_MILLISECONDS } from "../bank/slots.ts";
import { SLOTS_PER_EPOCH } from "../bank/sysvars.ts";
import { invalidParam, RpcError } from "./errors.ts";
import { method } from "./method.ts";
import {
  Address,
  addressOf,
  Commitment,
  CommitmentConfig,
  contextSlot,
  Slot,
  TransactionEncoding,
  withContext,
} from "./params.ts";
import { encodeAccountKeys, encodeTransaction } from "./transaction-encoding.ts";

const MAX_BLOCK_RANGE = 500_000;
const PERFORMANCE_SAMPLE_SLOTS = 150;
const MAX_PERFORMANCE_SAMPLES = 720;
const SlotOrConfig = Type.Optional(
  Type.Union([Slot, Type.Object({ commitment: Type.Optional(Commitment) })]),
);
const BlockConfig = Type.Object({
  encoding: Type.Optional(TransactionEncoding),
  transactionDetails: Type.Optional(Type.Enum(["full", "accounts", "signatures", "none"])),
  rewards: Type.Optional(Type.Boolean()),
  commitment: Type.Optional(Commitment),
  maxSupportedTransactionVersion: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
});

/** Methods about slots, blocks and blockhashes. Every slot has a block, most of them empty. */
export const BLOCK_METHODS = [
  method("getSlot", { config: CommitmentConfig }, ({ config }, { bank }) =>
    contextSlot(bank, config),
  ),

  method("getBlockHeight", { config: CommitmentConfig }, ({ config }, { bank }) =>
    contextSlot(bank, config),
  ),

  method("getLatestBlockhash", { config: CommitmentConfig }, ({ config }, { bank }) =>
    withContext(contextSlot(bank, config), bank.slots.latestBlockhash()),
  ),

  method(
    "isBlockhashValid",
    { blockhash: Address, config: CommitmentConfig },
    ({ blockhash, config }, { bank }) => {
      const hash = bs58.encode(addressOf(blockhash, "params[0]"));
      return withContext(contextSlot(bank, config), bank.slots.isValidBlockhash(hash));
    },
  ),

  method(
    "getBlock",
    { slot: Slot, config: Type.Optional(Type.Union([TransactionEncoding, BlockConfig])) },
    ({ slot, config = {} }, { bank }) => {
      requireBlock(bank, slot);
      const options = typeof config === "string" ? { encoding: config } : config;
      return {
        blockhash: bs58.encode(bank.slots.blockhash(slot)),
        previousBlockhash: bs58.encode(bank.slots.blockhash(Math.max(0, slot - 1))),
        parentSlot: Math.max(0, slot - 1),
        blockHeight: slot,
        blockTime: bank.slots.timeOf(slot),
        ...("rewards" in options && options.rewards === false ? {} : { rewards: [] }),
        ...encodeTransactions(bank.history.ofSlot(slot), options),
      };
    },
  ),

  method("getBlockTime", { slot: Slot }, ({ slot }, { bank }) => {
    requireBlock(bank, slot);
    return bank.slots.timeOf(slot);
  }),

  method(
    "getBlocks",
    { start: Slot, end: SlotOrConfig, config: CommitmentConfig },
    ({ start, end }, { bank }) => {
      const last = typeof end === "number" ? Math.min(end, bank.slots.root) : bank.slots.root;
      if (last - start > MAX_BLOCK_RANGE)
        throw invalidParam(
          "params[1] (end)",
          `is more than ${MAX_BLOCK_RANGE} slots after the start`,
        );
      return blocksBetween(Math.max(start, bank.history.firstSlot()), last);
    },
  ),

  method(
    "getBlocksWithLimit",
    {
      start: Slot,
      limit: Type.Integer({ minimum: 0, maximum: MAX_BLOCK_RANGE }),
      config: CommitmentConfig,
    },
    ({ start, limit }, { bank }) => {
      const first = Math.max(start, bank.history.firstSlot());
      return blocksBetween(first, Math.min(first + limit - 1, bank.slots.root));
    },
  ),

  method("getFirstAvailableBlock", {}, (_, { bank }) => bank.history.firstSlot()),

  method("minimumLedgerSlot", {}, (_, { bank }) => bank.history.firstSlot()),

  method("getEpochInfo", { config: CommitmentConfig }, ({ config }, { bank }) => {
    const slot = contextSlot(bank, config);
    return {
      absoluteSlot: slot,
      blockHeight: slot,
      epoch: Math.floor(slot / SLOTS_PER_EPOCH),
      slotIndex: slot % SLOTS_PER_EPOCH,
      slotsInEpoch: SLOTS_PER_EPOCH,
      transactionCount: bank.history.total,
    };
  }),

  method("getEpochSchedule", {}, () => ({
    firstNormalEpoch: 0,
    firstNormalSlot: 0,
    leaderScheduleSlotOffset: SLOTS_PER_EPOCH,
    slotsPerEpoch: SLOTS_PER_EPOCH,
    warmup: false,
  })),

  method("getTransactionCount", { config: CommitmentConfig }, (_, { bank }) => bank.history.total),

  method(
    "getRecentPerformanceSamples",
    { limit: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_PERFORMANCE_SAMPLES })) },
    ({ limit = MAX_PERFORMANCE_SAMPLES }, { bank }) => performanceSamples(bank, limit),
  ),
];

function requireBlock(bank: Bank, slot: number): void {
  const first = bank.history.firstSlot();
  if (slot < first)
    throw new RpcError(
      "blockCleanedUp",
      `Block ${slot} cleaned up, does not exist on node. First available block: ${first}`,
    );
  if (slot > bank.slots.root)
    throw new RpcError("blockNotAvailable", `Block not available for slot ${slot}`);
}

function blocksBetween(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

function encodeTransactions(
  entries: readonly HistoryEntry[],
  options: {
    encoding?: TransactionEncoding;
    transactionDetails?: "full" | "accounts" | "signatures" | "none";
    maxSupportedTransactionVersion?: number;
  },
) {
  const details = options.transactionDetails ?? "full";
  if (details === "none") return {};
  if (details === "signatures") return { signatures: entries.map(({ signature }) => signature) };
  const maxVersion = options.maxSupportedTransactionVersion;
  if (details === "full")
    return {
      transactions: entries.map((entry) =>
        encodeTransaction(entry, options.encoding ?? "json", maxVersion),
      ),
    };
  return { transactions: entries.map((entry) => withAccountsOnly(entry, maxVersion)) };
}

function withAccountsOnly(entry: HistoryEntry, maxVersion: number | undefined) {
  const transaction = parseTransaction(entry.transaction);
  const { meta } = encodeTransaction(entry, "json", maxVersion);
  const { err, status, fee, preBalances, postBalances, preTokenBalances, postTokenBalances } = meta;
  return {
    transaction: {
      accountKeys: encodeAccountKeys(transaction, recordOf(entry)),
      signatures: transaction.signatures.map((signature) => bs58.encode(signature)),
    },
    meta: { err, status, fee, preBalances, postBalances, preTokenBalances, postTokenBalances },
    ...(maxVersion === undefined ? {} : { version: transaction.message.version }),
  };
}

function performanceSamples(bank: Bank, limit: number) {
  const samples = [];
  for (
    let end = bank.slots.root;
    samples.length < limit && end >= PERFORMANCE_SAMPLE_SLOTS;
    end -= PERFORMANCE_SAMPLE_SLOTS
  ) {
    const first = end - PERFORMANCE_SAMPLE_SLOTS + 1;
    if (first < bank.history.firstSlot()) break;
    const count = blocksBetween(first, end).reduce(
      (sum, slot) => sum + bank.history.ofSlot(slot).length,
      0,
    );
    samples.push({
      slot: end,
      numSlots: PERFORMANCE_SAMPLE_SLOTS,
      numTransactions: count,
      numNonVoteTransactions: count,
      samplePeriodSecs: (PERFORMANCE_SAMPLE_SLOTS * SLOT_MILLISECONDS) / 1000,
    });
  }
  return samples;
}
