import bs58 from "bs58";
import Type from "typebox";
import type { Bank, ProcessedTransaction } from "../bank/bank.ts";
import { recordOf } from "../bank/history.ts";
import type { Account } from "../bank/virtual-machine.ts";
import { type AccountOptions, encodeAccount } from "../rpc/account-encoding.ts";
import { AccountFilters, accountPredicate } from "../rpc/account-filters.ts";
import { RpcError } from "../rpc/errors.ts";
import { paramsBinder } from "../rpc/method.ts";
import {
  Address,
  addressOf,
  Config,
  Encoding,
  Signature,
  signatureOf,
  wantsFinalized,
  withContext,
} from "../rpc/params.ts";
import { Topic } from "./topic.ts";

/** Sends one notification of a subscription to its client. */
export type Send = (method: string, subscription: number, result: unknown) => void;

/**
 * A running subscription. `catchUp` reports what happened before it began; call it once its id
 * has reached the client.
 */
export interface Subscription {
  readonly id: number;
  readonly cancel: () => void;
  readonly catchUp: () => void;
}

const accountParams = paramsBinder({
  address: Address,
  config: Config({ encoding: Type.Optional(Encoding) }),
});
const programParams = paramsBinder({
  program: Address,
  config: Config({ encoding: Type.Optional(Encoding), filters: AccountFilters }),
});
const logsParams = paramsBinder({
  filter: Type.Union([
    Type.Enum(["all", "allWithVotes"]),
    Type.Object({ mentions: Type.Array(Address, { minItems: 1, maxItems: 1 }) }),
  ]),
  config: Config({}),
});
const signatureParams = paramsBinder({
  signature: Signature,
  config: Config({ enableReceivedNotification: Type.Optional(Type.Boolean()) }),
});
const noParams = paramsBinder({});

/** The account that subscribers are shown in place of one that is gone. */
const CLOSED: Account = {
  lamports: 0n,
  owner: new Uint8Array(32),
  executable: false,
  rentEpoch: 0n,
  data: new Uint8Array(),
};

/**
 * The subscriptions of all clients. A transaction is reported once it is on disk: at once to
 * subscribers of `processed` or `confirmed`, and when its slot's block is complete to those of
 * `finalized`.
 */
export class Subscriptions {
  readonly #bank: Bank;
  readonly #accounts = new Topic<ProcessedTransaction["changes"][number] & { slot: number }>();
  readonly #programs = new Topic<ProcessedTransaction["changes"][number] & { slot: number }>();
  readonly #logs = new Topic<ProcessedTransaction>();
  readonly #signatures = new Topic<ProcessedTransaction>();
  readonly #slots = new Set<(slot: number) => void>();
  readonly #unsettled: ProcessedTransaction[] = [];
  readonly #stop: (() => void)[];
  #lastId = 0;

  constructor(bank: Bank) {
    this.#bank = bank;
    this.#stop = [
      bank.onTransaction((transaction) => {
        this.#publish(transaction, "confirmed");
        this.#unsettled.push(transaction);
        this.#settle();
      }),
      bank.onSlot((slot) => {
        this.#settle();
        for (const notify of [...this.#slots]) notify(slot);
      }),
    ];
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }

  /** Begins a subscription of the kind that `method` names. Throws `RpcError`. */
  subscribe(method: string, params: unknown, send: Send): Subscription {
    switch (method) {
      case "accountSubscribe":
        return this.#account(params, send);
      case "programSubscribe":
        return this.#program(params, send);
      case "logsSubscribe":
        return this.#logsOf(params, send);
      case "signatureSubscribe":
        return this.#signature(params, send);
      case "slotSubscribe":
        return this.#slot(params, (id, slot) =>
          send("slotNotification", id, { slot, parent: slot - 1, root: slot - 1 }),
        );
      case "rootSubscribe":
        return this.#slot(params, (id, slot) => send("rootNotification", id, slot - 1));
      default:
        throw new RpcError("methodNotFound", "Method not found");
    }
  }

  #account(params: unknown, send: Send): Subscription {
    const { address, config = {} } = accountParams(params);
    const key = bs58.encode(addressOf(address, "params[0]"));
    const level = levelOf(config);
    return this.#begin((id) =>
      this.#accounts.add(key, level, ({ after, slot }) =>
        send("accountNotification", id, withContext(slot, this.#encode(after, config))),
      ),
    );
  }

  #program(params: unknown, send: Send): Subscription {
    const { program, config = {} } = programParams(params);
    const key = bs58.encode(addressOf(program, "params[0]"));
    const passes = accountPredicate(config.filters, "params[1].filters");
    return this.#begin((id) =>
      this.#programs.add(key, levelOf(config), ({ address, after, slot }) => {
        if (after === null || !passes(after)) return;
        const value = { pubkey: bs58.encode(address), account: this.#encode(after, config) };
        send("programNotification", id, withContext(slot, value));
      }),
    );
  }

  #logsOf(params: unknown, send: Send): Subscription {
    const { filter, config } = logsParams(params);
    const mention =
      typeof filter === "string"
        ? ALL
        : bs58.encode(addressOf(filter.mentions[0]!, "params[0].mentions[0]"));
    return this.#begin((id) =>
      this.#logs.add(mention, levelOf(config), ({ entry, record }) => {
        const value = { signature: entry.signature, err: record.error, logs: record.logs };
        send("logsNotification", id, withContext(entry.slot, value));
      }),
    );
  }

  #signature(params: unknown, send: Send): Subscription {
    const { signature, config } = signatureParams(params);
    const key = signatureOf(signature, "params[0]");
    const level = levelOf(config);
    let cancel = () => {};
    const subscription = this.#begin((id) => {
      cancel = this.#signatures.add(key, level, ({ entry, record }) => {
        cancel();
        send("signatureNotification", id, withContext(entry.slot, { err: record.error }));
      });
      return cancel;
    });
    const catchUp = () => {
      const entry = this.#bank.history.get(key);
      if (entry === undefined || (level === "finalized" && entry.slot > this.#bank.slots.root))
        return;
      this.#signatures.publish(key, level, { entry, record: recordOf(entry), changes: [] });
    };
    return { ...subscription, catchUp };
  }

  #slot(params: unknown, notify: (id: number, slot: number) => void): Subscription {
    noParams(params);
    return this.#begin((id) => {
      const listener = (slot: number) => notify(id, slot);
      this.#slots.add(listener);
      return () => this.#slots.delete(listener);
    });
  }

  #begin(add: (id: number) => () => void): Subscription {
    const id = ++this.#lastId;
    return { id, cancel: add(id), catchUp: () => {} };
  }

  #encode(account: Account | null, options: AccountOptions): unknown {
    // Nodes show data that is too long for base58 in base64 rather than fail a notification.
    const tooLong =
      (account?.data.length ?? 0) > 128 && (options.encoding ?? "base58") === "base58";
    const encoding = tooLong ? "base64" : options.encoding;
    return encodeAccount(
      account ?? CLOSED,
      encoding === undefined ? {} : { encoding },
      this.#bank.machine,
    );
  }

  #settle(): void {
    while (this.#unsettled.length > 0 && this.#unsettled[0]!.entry.slot <= this.#bank.slots.root)
      this.#publish(this.#unsettled.shift()!, "finalized");
  }

  #publish(transaction: ProcessedTransaction, level: Level): void {
    const { entry, changes } = transaction;
    for (const change of changes) {
      this.#accounts.publish(bs58.encode(change.address), level, { ...change, slot: entry.slot });
      if (change.after !== null)
        this.#programs.publish(bs58.encode(change.after.owner), level, {
          ...change,
          slot: entry.slot,
        });
    }
    this.#logs.publish(ALL, level, transaction);
    for (const address of entry.addresses) this.#logs.publish(address, level, transaction);
    this.#signatures.publish(entry.signature, level, transaction);
  }
}

/** The key of those who want every transaction's logs: no address looks like it. */
const ALL = "all";

export type Level = "confirmed" | "finalized";

function levelOf(config: { commitment?: Parameters<typeof wantsFinalized>[0] } | undefined): Level {
  return wantsFinalized(config?.commitment) ? "finalized" : "confirmed";
}
