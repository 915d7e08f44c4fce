import bs58 from "bs58";
import Type from "typebox";
import { encodeAccount, jsonU64 } from "./account-encoding.ts";
import { AccountFilters, accountPredicate } from "./account-filters.ts";
import { method } from "./method.ts";
import {
  ACCOUNT_FIELDS,
  AccountConfig,
  Address,
  addressOf,
  CommitmentConfig,
  Config,
  contextSlot,
  withContext,
} from "./params.ts";

const MAX_ACCOUNTS = 100;
/** The largest account that the runtime can allocate. */
const MAX_DATA_LENGTH = 10 * 1024 * 1024;

/** Methods that read accounts. */
export const ACCOUNT_METHODS = [
  method(
    "getAccountInfo",
    { address: Address, config: AccountConfig },
    ({ address, config = {} }, { bank }) => {
      const account = bank.machine.account(addressOf(address, "params[0]"));
      return withContext(contextSlot(bank, config), encodeAccount(account, config, bank.machine));
    },
  ),

  method(
    "getBalance",
    { address: Address, config: CommitmentConfig },
    ({ address, config }, { bank }) =>
      withContext(
        contextSlot(bank, config),
        jsonU64(bank.machine.balance(addressOf(address, "params[0]"))),
      ),
  ),

  method(
    "getMultipleAccounts",
    { addresses: Type.Array(Address, { maxItems: MAX_ACCOUNTS }), config: AccountConfig },
    ({ addresses, config = {} }, { bank }) =>
      withContext(
        contextSlot(bank, config),
        addresses.map((address, index) => {
          const account = bank.machine.account(addressOf(address, `params[0][${index}]`));
          return encodeAccount(account, config, bank.machine);
        }),
      ),
  ),

  method(
    "getProgramAccounts",
    {
      program: Address,
      config: Config({
        ...ACCOUNT_FIELDS,
        filters: AccountFilters,
        withContext: Type.Optional(Type.Boolean()),
        sortResults: Type.Optional(Type.Boolean()),
      }),
    },
    ({ program, config = {} }, { bank }) => {
      const passes = accountPredicate(config.filters, "params[1].filters");
      const accounts = bank.machine
        .programAccounts(addressOf(program, "params[0]"))
        .filter(({ account }) => passes(account))
        .sort((a, b) => Buffer.compare(a.address, b.address))
        .map(({ address, account }) => ({
          pubkey: bs58.encode(address),
          account: encodeAccount(account, config, bank.machine),
        }));
      const slot = contextSlot(bank, config);
      return config.withContext === true ? withContext(slot, accounts) : accounts;
    },
  ),

  method(
    "getMinimumBalanceForRentExemption",
    {
      dataLength: Type.Integer({ minimum: 0, maximum: MAX_DATA_LENGTH }),
      config: CommitmentConfig,
    },
    ({ dataLength }, { bank }) => jsonU64(bank.machine.minimumBalance(dataLength)),
  ),
];
