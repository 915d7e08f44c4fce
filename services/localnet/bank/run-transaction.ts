import bs58 from "bs58";
import { type AccountChange, sameAccount } from "./account-changes.ts";
import { type AccountKeys, accountKeysOf, tokenBalancesOf } from "./account-keys.ts";
import { feeOf } from "./fees.ts";
import { isWritable, type ParsedTransaction } from "./message.ts";
import type { TokenBalance, TransactionRecord } from "./record.ts";
import type { Account, Execution, VirtualMachine } from "./virtual-machine.ts";

/** A transaction that was run, with all its changes. Balances are in the order of `keys.all`. */
export interface Run {
  readonly execution: Execution;
  readonly keys: AccountKeys;
  readonly changes: readonly AccountChange[];
  readonly before: readonly (Account | null)[];
  readonly after: readonly (Account | null)[];
  readonly tokensBefore: readonly TokenBalance[];
  readonly tokensAfter: readonly TokenBalance[];
}

/** Runs a transaction and notes the accounts that it names before and after. */
export function runTransaction(
  { bytes, message }: ParsedTransaction,
  machine: VirtualMachine,
): Run {
  const keys = accountKeysOf(message, machine);
  const before = keys.all.map((key) => machine.account(key));
  const tokensBefore = tokenBalancesOf(before, machine);
  const execution = machine.execute(bytes);
  const after = before.map((account, index) =>
    isWritable(message, index) ? machine.account(keys.all[index]!) : account,
  );
  const changes = keys.all
    .map((address, index) => ({
      address,
      before: before[index] ?? null,
      after: after[index] ?? null,
    }))
    .filter(
      (change) => change.before !== change.after && !sameAccount(change.before, change.after),
    );
  const tokensAfter = tokenBalancesOf(after, machine);
  return { execution, keys, changes, before, after, tokensBefore, tokensAfter };
}

/** What the ledger keeps of a run. */
export function recordOfRun(
  transaction: ParsedTransaction,
  run: Run,
  at: Pick<TransactionRecord, "position" | "slot" | "time">,
): TransactionRecord {
  const { error, logs, inner, unitsConsumed, returnData } = run.execution;
  return {
    ...at,
    error,
    fee: feeOf(transaction.message).toString(),
    logs,
    inner: inner.map((list) =>
      list.map(({ programIndex, accounts, data, stackHeight }) => ({
        programIndex,
        accounts: [...accounts],
        data: Buffer.from(data).toString("base64"),
        stackHeight,
      })),
    ),
    units: String(unitsConsumed),
    returned:
      returnData === null
        ? null
        : {
            program: bs58.encode(returnData.program),
            data: Buffer.from(returnData.data).toString("base64"),
          },
    preBalances: run.before.map(lamportsOf),
    postBalances: run.after.map(lamportsOf),
    preTokens: run.tokensBefore,
    postTokens: run.tokensAfter,
    loaded: {
      writable: run.keys.loaded.writable.map((key) => bs58.encode(key)),
      readonly: run.keys.loaded.readonly.map((key) => bs58.encode(key)),
    },
  };
}

function lamportsOf(account: Account | null): string {
  return String(account?.lamports ?? 0n);
}
