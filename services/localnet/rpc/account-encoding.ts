import { zstdCompressSync } from "node:zlib";
import bs58 from "bs58";
import {
  readMint,
  readTokenAccount,
  TOKEN_PROGRAM,
  uiTokenAmount,
} from "../bank/token-accounts.ts";
import type { Account, VirtualMachine } from "../bank/virtual-machine.ts";
import { RpcError } from "./errors.ts";
import type { DataSlice, Encoding } from "./params.ts";

/** Nodes refuse longer data in base58, whose encoding takes quadratic time. */
const MAX_BASE58_BYTES = 128;

export interface AccountOptions {
  readonly encoding?: Encoding;
  readonly dataSlice?: DataSlice;
}

/** A u64 as a JSON number with all its digits, beyond 2^53 too. */
export function jsonU64(value: bigint): unknown {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  return rawJson(value.toString());
}

/** TypeScript's library does not know `JSON.rawJSON` yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** An account as RPC answers show it, `null` if there is none. Throws `RpcError`. */
export function encodeAccount(
  account: Account | null,
  options: AccountOptions,
  machine: VirtualMachine,
) {
  if (account === null) return null;
  return {
    data: encodeData(account, options, machine),
    executable: account.executable,
    lamports: jsonU64(account.lamports),
    owner: bs58.encode(account.owner),
    rentEpoch: jsonU64(account.rentEpoch),
    space: account.data.length,
  };
}

function encodeData(
  account: Account,
  { encoding, dataSlice }: AccountOptions,
  machine: VirtualMachine,
): unknown {
  if (encoding === "jsonParsed") {
    const parsed = parseTokenData(account, machine);
    if (parsed !== null) return parsed;
  }
  const data =
    dataSlice === undefined
      ? account.data
      : account.data.subarray(dataSlice.offset, dataSlice.offset + dataSlice.length);
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (encoding === "base64+zstd") return [zstdCompressSync(buffer).toString("base64"), encoding];
  if (encoding === "base64" || encoding === "jsonParsed")
    return [buffer.toString("base64"), "base64"];
  if (data.length > MAX_BASE58_BYTES)
    throw new RpcError(
      "invalidRequest",
      `Encoded binary (base 58) data should be less than ${MAX_BASE58_BYTES} bytes, please use Base64 encoding.`,
    );
  // Without any encoding, nodes give the oldest form: base58 alone.
  return encoding === "base58" ? [bs58.encode(data), encoding] : bs58.encode(data);
}

function parseTokenData(account: Account, machine: VirtualMachine): unknown {
  const program = bs58.encode(account.owner) === TOKEN_PROGRAM ? "spl-token" : "spl-token-2022";
  const space = account.data.length;
  const mint = readMint(account);
  if (mint !== null) {
    const info = {
      mintAuthority: addressText(mint.mintAuthority),
      supply: mint.supply.toString(),
      decimals: mint.decimals,
      isInitialized: true,
      freezeAuthority: addressText(mint.freezeAuthority),
    };
    return { program, parsed: { type: "mint", info }, space };
  }
  const token = readTokenAccount(account);
  const decimals = token === null ? undefined : readMint(machine.account(token.mint))?.decimals;
  if (token === null || decimals === undefined) return null;
  const info = {
    mint: bs58.encode(token.mint),
    owner: bs58.encode(token.owner),
    tokenAmount: uiTokenAmount(token.amount, decimals),
    state: token.state,
    isNative: token.nativeReserve !== null,
    ...(token.nativeReserve === null
      ? {}
      : { rentExemptReserve: uiTokenAmount(token.nativeReserve, decimals) }),
    ...(token.delegate === null
      ? {}
      : {
          delegate: bs58.encode(token.delegate),
          delegatedAmount: uiTokenAmount(token.delegatedAmount, decimals),
        }),
    ...(token.closeAuthority === null ? {} : { closeAuthority: bs58.encode(token.closeAuthority) }),
  };
  return { program, parsed: { type: "account", info }, space };
}

function addressText(address: Uint8Array | null): string | null {
  return address === null ? null : bs58.encode(address);
}
