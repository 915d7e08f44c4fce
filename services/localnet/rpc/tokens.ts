import bs58 from "bs58";
import Type, { type Static } from "typebox";
import type { Bank } from "../bank/bank.ts";
import {
  isTokenProgram,
  readMint,
  readTokenAccount,
  TOKEN_PROGRAMS,
  type TokenAccount,
  uiTokenAmount,
} from "../bank/token-accounts.ts";
import type { AddressedAccount } from "../bank/virtual-machine.ts";
import { encodeAccount } from "./account-encoding.ts";
import { invalidParam } from "./errors.ts";
import { method } from "./method.ts";
import {
  ACCOUNT_FIELDS,
  Address,
  addressOf,
  CommitmentConfig,
  Config,
  contextSlot,
  withContext,
} from "./params.ts";

const LARGEST_ACCOUNTS = 20;
const TokenFilter = Type.Object({
  mint: Type.Optional(Address),
  programId: Type.Optional(Address),
});
const TokenAccountsConfig = Config(ACCOUNT_FIELDS);

/** Methods about SPL Token and Token-2022 accounts. */
export const TOKEN_METHODS = [
  method(
    "getTokenAccountBalance",
    { address: Address, config: CommitmentConfig },
    ({ address, config }, { bank }) => {
      const token = readTokenAccount(bank.machine.account(addressOf(address, "params[0]")));
      if (token === null)
        throw invalidParam(
          "params[0] (address)",
          "could not find account: it is not a token account",
        );
      return withContext(
        contextSlot(bank, config),
        uiTokenAmount(token.amount, decimalsOf(bank, token.mint)),
      );
    },
  ),

  method(
    "getTokenSupply",
    { mint: Address, config: CommitmentConfig },
    ({ mint, config }, { bank }) => {
      const state = readMint(bank.machine.account(addressOf(mint, "params[0]")));
      if (state === null)
        throw invalidParam("params[0] (mint)", "could not find account: it is not a token mint");
      return withContext(contextSlot(bank, config), uiTokenAmount(state.supply, state.decimals));
    },
  ),

  method(
    "getTokenLargestAccounts",
    { mint: Address, config: CommitmentConfig },
    ({ mint, config }, { bank }) => {
      const key = addressOf(mint, "params[0]");
      const decimals = decimalsOf(bank, key);
      const largest = tokenAccounts(
        bank,
        TOKEN_PROGRAMS,
        (token) => Buffer.compare(token.mint, key) === 0,
      )
        .sort((a, b) =>
          a.token.amount < b.token.amount ? 1 : a.token.amount > b.token.amount ? -1 : 0,
        )
        .slice(0, LARGEST_ACCOUNTS)
        .map(({ address, token }) => ({
          address: bs58.encode(address),
          ...uiTokenAmount(token.amount, decimals),
        }));
      return withContext(contextSlot(bank, config), largest);
    },
  ),

  method(
    "getTokenAccountsByOwner",
    { owner: Address, filter: TokenFilter, config: TokenAccountsConfig },
    ({ owner, filter, config = {} }, { bank }) => {
      const key = addressOf(owner, "params[0]");
      const found = filtered(bank, filter, (token) => Buffer.compare(token.owner, key) === 0);
      return withContext(contextSlot(bank, config), keyed(bank, found, config));
    },
  ),

  method(
    "getTokenAccountsByDelegate",
    { delegate: Address, filter: TokenFilter, config: TokenAccountsConfig },
    ({ delegate, filter, config = {} }, { bank }) => {
      const key = addressOf(delegate, "params[0]");
      const found = filtered(
        bank,
        filter,
        (token) => token.delegate !== null && Buffer.compare(token.delegate, key) === 0,
      );
      return withContext(contextSlot(bank, config), keyed(bank, found, config));
    },
  ),
];

type FoundToken = AddressedAccount & { readonly token: TokenAccount };

function filtered(
  bank: Bank,
  filter: Static<typeof TokenFilter>,
  wanted: (token: TokenAccount) => boolean,
) {
  if (filter.programId !== undefined) {
    const program = addressOf(filter.programId, "params[1].programId");
    if (!isTokenProgram(program))
      throw invalidParam("params[1].programId", "is not a token program");
    return tokenAccounts(bank, [program], wanted);
  }
  if (filter.mint === undefined)
    throw invalidParam("params[1] (filter)", "must have `mint` or `programId`");
  const mint = addressOf(filter.mint, "params[1].mint");
  if (readMint(bank.machine.account(mint)) === null)
    throw invalidParam("params[1].mint", "could not find mint");
  return tokenAccounts(
    bank,
    TOKEN_PROGRAMS,
    (token) => Buffer.compare(token.mint, mint) === 0 && wanted(token),
  );
}

function tokenAccounts(
  bank: Bank,
  programs: readonly Uint8Array[],
  wanted: (token: TokenAccount) => boolean,
): FoundToken[] {
  return programs
    .flatMap((program) => bank.machine.programAccounts(program))
    .flatMap((entry) => {
      const token = readTokenAccount(entry.account);
      return token !== null && wanted(token) ? [{ ...entry, token }] : [];
    })
    .sort((a, b) => Buffer.compare(a.address, b.address));
}

function keyed(
  bank: Bank,
  found: readonly FoundToken[],
  options: Parameters<typeof encodeAccount>[1],
) {
  return found.map(({ address, account }) => ({
    pubkey: bs58.encode(address),
    account: encodeAccount(account, options, bank.machine),
  }));
}

function decimalsOf(bank: Bank, mint: Uint8Array): number {
  const decimals = readMint(bank.machine.account(mint))?.decimals;
  if (decimals === undefined) throw invalidParam("params[0]", "could not find the token's mint");
  return decimals;
}
