import bs58 from "bs58";
import type { Account } from "./virtual-machine.ts";

/**
 * Reads SPL Token and Token-2022 accounts (spl-token-interface, `state.rs`). Both programs share
 * the first 165 bytes of a token account and the first 82 of a mint; Token-2022 marks the kind of
 * a longer account at byte 165.
 */
export const TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
export const TOKEN_2022_PROGRAM = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
export const TOKEN_PROGRAMS: readonly Uint8Array[] = [
  bs58.decode(TOKEN_PROGRAM),
  bs58.decode(TOKEN_2022_PROGRAM),
];
const MINT_LENGTH = 82;
const TOKEN_ACCOUNT_LENGTH = 165;
const KIND_OFFSET = 165;

/** Addresses are 32 bytes; `null` where the account names none. */
export interface TokenAccount {
  readonly mint: Uint8Array;
  readonly owner: Uint8Array;
  readonly amount: bigint;
  readonly delegate: Uint8Array | null;
  readonly state: "initialized" | "frozen";
  /** Lamports that stay in a wrapped SOL account; `null` for every other mint. */
  readonly nativeReserve: bigint | null;
  readonly delegatedAmount: bigint;
  readonly closeAuthority: Uint8Array | null;
}

export interface Mint {
  readonly mintAuthority: Uint8Array | null;
  readonly supply: bigint;
  readonly decimals: number;
  readonly freezeAuthority: Uint8Array | null;
}

/** The token account that `account` is, or `null` for any other account. */
export function readTokenAccount(account: Account | null): TokenAccount | null {
  if (account === null || !isTokenProgram(account.owner) || kindOf(account.data) !== "account")
    return null;
  const data = viewOf(account.data);
  const state = data[108];
  if (state !== 1 && state !== 2) return null;
  return {
    mint: data.subarray(0, 32),
    owner: data.subarray(32, 64),
    amount: data.readBigUInt64LE(64),
    delegate: optionalAddress(data, 72),
    state: state === 2 ? "frozen" : "initialized",
    nativeReserve: data.readUInt32LE(109) === 1 ? data.readBigUInt64LE(113) : null,
    delegatedAmount: data.readBigUInt64LE(121),
    closeAuthority: optionalAddress(data, 129),
  };
}

/** The mint that `account` is, or `null` for any other account. */
export function readMint(account: Account | null): Mint | null {
  if (account === null || !isTokenProgram(account.owner) || kindOf(account.data) !== "mint")
    return null;
  const data = viewOf(account.data);
  if (data[45] !== 1) return null;
  return {
    mintAuthority: optionalAddress(data, 0),
    supply: data.readBigUInt64LE(36),
    decimals: data[44]!,
    freezeAuthority: optionalAddress(data, 46),
  };
}

export function isTokenProgram(address: Uint8Array): boolean {
  return TOKEN_PROGRAMS.some((program) => Buffer.compare(program, address) === 0);
}

/** A token amount as every RPC method reports it. */
export interface UiTokenAmount {
  readonly amount: string;
  readonly decimals: number;
  readonly uiAmount: number | null;
  readonly uiAmountString: string;
}

export function uiTokenAmount(amount: bigint, decimals: number): UiTokenAmount {
  const digits = amount.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  const uiAmountString = fraction === "" ? whole : `${whole}.${fraction}`;
  return { amount: amount.toString(), decimals, uiAmount: Number(uiAmountString), uiAmountString };
}

function kindOf(data: Uint8Array): "account" | "mint" | "other" {
  if (data.length === MINT_LENGTH) return "mint";
  if (data.length === TOKEN_ACCOUNT_LENGTH) return "account";
  if (data.length <= KIND_OFFSET) return "other";
  return data[KIND_OFFSET] === 1 ? "mint" : data[KIND_OFFSET] === 2 ? "account" : "other";
}

function optionalAddress(data: Buffer, offset: number): Uint8Array | null {
  return data.readUInt32LE(offset) === 1 ? data.subarray(offset + 4, offset + 36) : null;
}

function viewOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
