import bs58 from "bs58";
import { type HistoryEntry, recordOf } from "../bank/history.ts";
import {
  type CompiledInstruction,
  isWritable,
  type ParsedTransaction,
  parseTransaction,
} from "../bank/message.ts";
import type { TransactionRecord } from "../bank/record.ts";
import type { InnerInstruction } from "../bank/virtual-machine.ts";
import { jsonU64 } from "./account-encoding.ts";
import { RpcError } from "./errors.ts";
import { parseInstruction } from "./instruction-parsing.ts";
import type { TransactionEncoding } from "./params.ts";

/**
 * A remembered transaction with its metadata, as `getTransaction` and `getBlock` show it. Throws
 * `RpcError`.
 */
export function encodeTransaction(
  entry: HistoryEntry,
  encoding: TransactionEncoding,
  maxSupportedVersion: number | undefined,
) {
  const transaction = parseTransaction(entry.transaction);
  const { version } = transaction.message;
  if (version !== "legacy" && maxSupportedVersion === undefined)
    throw new RpcError(
      "unsupportedTransactionVersion",
      `Transaction version (${version}) is not supported by the requesting client. Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": ${version}`,
    );
  const record = recordOf(entry);
  return {
    transaction: encodeBody(transaction, record, encoding),
    meta: encodeMeta(transaction, record, encoding),
    ...(maxSupportedVersion === undefined ? {} : { version }),
  };
}

/**
 * What programs invoked, outside of a transaction's record: the form of `simulateTransaction`.
 */
export function encodeInnerInstructions(inner: readonly (readonly InnerInstruction[])[]) {
  return inner.flatMap((list, index) =>
    list.length === 0
      ? []
      : [
          {
            index,
            instructions: list.map((instruction) =>
              encodeCompiled(instruction, instruction.stackHeight),
            ),
          },
        ],
  );
}

/**
 * A transaction's account keys as `transactionDetails: "accounts"` and `jsonParsed` list them.
 */
export function encodeAccountKeys({ message }: ParsedTransaction, { loaded }: TransactionRecord) {
  const loadedKeys = [...loaded.writable, ...loaded.readonly];
  return [...message.keys.map((key) => bs58.encode(key)), ...loadedKeys].map((pubkey, index) => ({
    pubkey,
    signer: index < message.requiredSignatures,
    source: index < message.keys.length ? "transaction" : "lookupTable",
    writable: isWritable(message, index),
  }));
}

function encodeBody(
  transaction: ParsedTransaction,
  record: TransactionRecord,
  encoding: TransactionEncoding,
) {
  if (encoding === "base64") return [Buffer.from(transaction.bytes).toString("base64"), encoding];
  if (encoding === "base58") return [bs58.encode(transaction.bytes), encoding];
  const { message } = transaction;
  const signatures = transaction.signatures.map((signature) => bs58.encode(signature));
  const recentBlockhash = bs58.encode(message.recentBlockhash);
  const lookups =
    message.version === "legacy"
      ? {}
      : {
          addressTableLookups: message.lookups.map((lookup) => ({
            accountKey: bs58.encode(lookup.table),
            writableIndexes: [...lookup.writable],
            readonlyIndexes: [...lookup.readonly],
          })),
        };
  if (encoding === "json")
    return {
      signatures,
      message: {
        header: {
          numRequiredSignatures: message.requiredSignatures,
          numReadonlySignedAccounts: message.readonlySigned,
          numReadonlyUnsignedAccounts: message.readonlyUnsigned,
        },
        accountKeys: message.keys.map((key) => bs58.encode(key)),
        recentBlockhash,
        instructions: message.instructions.map((instruction) => encodeCompiled(instruction, 1)),
        ...lookups,
      },
    };
  const accountKeys = encodeAccountKeys(transaction, record);
  const keys = accountKeys.map(({ pubkey }) => pubkey);
  const instructions = message.instructions.map((instruction) =>
    parseInstruction(instruction, keys, 1),
  );
  return { signatures, message: { accountKeys, recentBlockhash, instructions, ...lookups } };
}

function encodeMeta(
  transaction: ParsedTransaction,
  record: TransactionRecord,
  encoding: TransactionEncoding,
) {
  const { error, fee, logs, loaded, units, returned } = record;
  const keys = encodeAccountKeys(transaction, record).map(({ pubkey }) => pubkey);
  const inner = record.inner.map((list) =>
    list.map((instruction) => ({
      ...instruction,
      accounts: Uint8Array.from(instruction.accounts),
      data: Buffer.from(instruction.data, "base64"),
    })),
  );
  return {
    err: error,
    status: error === null ? { Ok: null } : { Err: error },
    fee: jsonU64(BigInt(fee)),
    preBalances: record.preBalances.map((lamports) => jsonU64(BigInt(lamports))),
    postBalances: record.postBalances.map((lamports) => jsonU64(BigInt(lamports))),
    preTokenBalances: record.preTokens,
    postTokenBalances: record.postTokens,
    innerInstructions:
      encoding === "jsonParsed"
        ? inner.flatMap((list, index) =>
            list.length === 0
              ? []
              : [
                  {
                    index,
                    instructions: list.map((item) =>
                      parseInstruction(item, keys, item.stackHeight),
                    ),
                  },
                ],
          )
        : encodeInnerInstructions(inner),
    logMessages: logs,
    rewards: [],
    computeUnitsConsumed: Number(units),
    ...(encoding === "jsonParsed" ? {} : { loadedAddresses: loaded }),
    ...(returned === null
      ? {}
      : { returnData: { programId: returned.program, data: [returned.data, "base64"] } }),
  };
}

function encodeCompiled(
  { programIndex, accounts, data }: CompiledInstruction,
  stackHeight: number,
) {
  return {
    programIdIndex: programIndex,
    accounts: [...accounts],
    data: bs58.encode(data),
    stackHeight,
  };
}
