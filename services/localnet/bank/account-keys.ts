import bs58 from "bs58";
import type { Message } from "./message.ts";
import type { TokenBalance } from "./record.ts";
import { isTokenProgram, readMint, readTokenAccount, uiTokenAmount } from "./token-accounts.ts";
import type { Account, VirtualMachine } from "./virtual-machine.ts";

const LOOKUP_TABLE_PROGRAM = bs58.decode("AddressLookupTab1e1111111111111111111111111");
/** Addresses of a lookup table follow its state of 56 bytes. */
const LOOKUP_TABLE_STATE = 56;

/** Every account that a transaction names, in the order in which its instructions index them. */
export interface AccountKeys {
  readonly all: readonly Uint8Array[];
  readonly loaded: {
    readonly writable: readonly Uint8Array[];
    readonly readonly: readonly Uint8Array[];
  };
}

/**
 * The accounts of a message, with those of its address tables. A table that is missing or too
 * short adds nothing: the virtual machine refuses such a transaction and says why.
 */
export function accountKeysOf(message: Message, machine: VirtualMachine): AccountKeys {
  const writable: Uint8Array[] = [];
  const readonly: Uint8Array[] = [];
  for (const lookup of message.lookups) {
    const table = machine.account(lookup.table);
    if (table === null || Buffer.compare(table.owner, LOOKUP_TABLE_PROGRAM) !== 0) continue;
    const addressAt = (index: number) =>
      table.data.subarray(LOOKUP_TABLE_STATE + 32 * index, LOOKUP_TABLE_STATE + 32 * index + 32);
    writable.push(
      ...Array.from(lookup.writable, addressAt).filter((address) => address.length === 32),
    );
    readonly.push(
      ...Array.from(lookup.readonly, addressAt).filter((address) => address.length === 32),
    );
  }
  return { all: [...message.keys, ...writable, ...readonly], loaded: { writable, readonly } };
}

/** The balances that `accounts` (in the order of the transaction's keys) hold of tokens. */
export function tokenBalancesOf(
  accounts: readonly (Account | null)[],
  machine: VirtualMachine,
): TokenBalance[] {
  return accounts.flatMap((account, accountIndex) => {
    if (account === null || !isTokenProgram(account.owner)) return [];
    const token = readTokenAccount(account);
    const mint = token === null ? null : readMint(machine.account(token.mint));
    if (token === null || mint === null) return [];
    return [
      {
        accountIndex,
        mint: bs58.encode(token.mint),
        owner: bs58.encode(token.owner),
        programId: bs58.encode(account.owner),
        uiTokenAmount: uiTokenAmount(token.amount, mint.decimals),
      },
    ];
  });
}
