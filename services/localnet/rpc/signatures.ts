import Type from "typebox";
import type { Bank } from "../bank/bank.ts";
import { type HistoryEntry, recordOf } from "../bank/history.ts";
import { parseTransaction } from "../bank/message.ts";
import { RpcError } from "./errors.ts";
import { memoOf } from "./instruction-parsing.ts";
import { method } from "./method.ts";
import {
  Address,
  addressOf,
  Commitment,
  Config,
  contextSlot,
  Signature,
  signatureOf,
  TransactionEncoding,
  wantsFinalized,
  withContext,
} from "./params.ts";
import { encodeTransaction } from "./transaction-encoding.ts";

const MAX_STATUSES = 256;
const MAX_SIGNATURES = 1000;

/** Methods that look transactions up. */
export const SIGNATURE_METHODS = [
  method(
    "getSignatureStatuses",
    {
      signatures: Type.Array(Signature, { maxItems: MAX_STATUSES }),
      config: Type.Optional(
        Type.Object({ searchTransactionHistory: Type.Optional(Type.Boolean()) }),
      ),
    },
    ({ signatures }, { bank }) =>
      withContext(
        bank.slots.current,
        signatures.map((signature, index) => {
          const entry = bank.history.get(signatureOf(signature, `params[0][${index}]`));
          return entry === undefined ? null : statusOf(entry, bank);
        }),
      ),
  ),

  method(
    "getTransaction",
    {
      signature: Signature,
      config: Type.Optional(
        Type.Union([
          TransactionEncoding,
          Type.Object({
            encoding: Type.Optional(TransactionEncoding),
            commitment: Type.Optional(Commitment),
            maxSupportedTransactionVersion: Type.Optional(
              Type.Integer({ minimum: 0, maximum: 255 }),
            ),
          }),
        ]),
      ),
    },
    ({ signature, config = {} }, { bank }) => {
      const options = typeof config === "string" ? { encoding: config } : config;
      const entry = bank.history.get(signatureOf(signature, "params[0]"));
      const commitment = "commitment" in options ? options.commitment : undefined;
      if (entry === undefined || !isVisible(entry, bank, commitment)) return null;
      const maxVersion =
        "maxSupportedTransactionVersion" in options
          ? options.maxSupportedTransactionVersion
          : undefined;
      return {
        slot: entry.slot,
        blockTime: entry.time,
        ...encodeTransaction(entry, options.encoding ?? "json", maxVersion),
      };
    },
  ),

  method(
    "getSignaturesForAddress",
    {
      address: Address,
      config: Config({
        before: Type.Optional(Signature),
        until: Type.Optional(Signature),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SIGNATURES })),
      }),
    },
    ({ address, config = {} }, { bank }) => {
      addressOf(address, "params[0]");
      contextSlot(bank, config);
      const before =
        positionOf(config.before, "params[1].before", bank) ?? Number.POSITIVE_INFINITY;
      const until = positionOf(config.until, "params[1].until", bank) ?? -1;
      const limit = config.limit ?? MAX_SIGNATURES;
      const found = [];
      const entries = bank.history.ofAddress(address);
      for (let i = entries.length - 1; i >= 0 && found.length < limit; i--) {
        const entry = entries[i]!;
        if (entry.position <= until) break;
        if (entry.position < before && isVisible(entry, bank, config.commitment))
          found.push(summaryOf(entry, bank));
      }
      return found;
    },
  ),
];

/** How settled a processed transaction is: final once its slot's block is complete. */
export function confirmationStatus(entry: HistoryEntry, bank: Bank): "confirmed" | "finalized" {
  return entry.slot <= bank.slots.root ? "finalized" : "confirmed";
}

function isVisible(entry: HistoryEntry, bank: Bank, commitment: Commitment | undefined): boolean {
  return !wantsFinalized(commitment) || entry.slot <= bank.slots.root;
}

function statusOf(entry: HistoryEntry, bank: Bank) {
  const err = entry.failed ? recordOf(entry).error : null;
  const status = confirmationStatus(entry, bank);
  return {
    slot: entry.slot,
    confirmations: status === "finalized" ? null : 0,
    err,
    status: err === null ? { Ok: null } : { Err: err },
    confirmationStatus: status,
  };
}

function summaryOf(entry: HistoryEntry, bank: Bank) {
  return {
    signature: entry.signature,
    slot: entry.slot,
    err: entry.failed ? recordOf(entry).error : null,
    memo: memoOf(parseTransaction(entry.transaction).message),
    blockTime: entry.time,
    confirmationStatus: confirmationStatus(entry, bank),
  };
}

function positionOf(signature: string | undefined, field: string, bank: Bank): number | undefined {
  if (signature === undefined) return undefined;
  const entry = bank.history.get(signatureOf(signature, field));
  if (entry === undefined)
    throw new RpcError(
      "invalidParams",
      `Invalid params: ${field} names a transaction that this node does not know`,
      {
        field,
      },
    );
  return entry.position;
}
