import bs58 from "bs58";
import type { Ledger } from "../ledger/ledger.ts";
import type { LedgerContents } from "../ledger/segments.ts";
import type { AccountChange } from "./account-changes.ts";
import { FAUCET_LAMPORTS, Faucet } from "./faucet.ts";
import { History, type HistoryEntry } from "./history.ts";
import { messageHash, type ParsedTransaction, parseTransaction } from "./message.ts";
import { deployPrograms, type GenesisProgram } from "./programs.ts";
import { decodeChanges, decodeEntry, encodeEntry, type TransactionRecord } from "./record.ts";
import { recordOfRun, runTransaction } from "./run-transaction.ts";
import { Slots, type WallClock } from "./slots.ts";
import { BLOCKHASH_LIFETIME } from "./sysvars.ts";
import type { TransactionError } from "./transaction-errors.ts";
import { type Execution, type Simulation, VirtualMachine } from "./virtual-machine.ts";

/**
 * The fate of a submitted transaction. Only a processed one is in the ledger and paid its fee.
 */
export interface Submission {
  /** Base58. */
  readonly signature: string;
  readonly processed: boolean;
  readonly error: TransactionError | null;
  /** What running it printed and used; `null` if it was refused before it ran. */
  readonly execution: Execution | null;
}

/** A processed transaction, once it is on disk. */
export interface ProcessedTransaction {
  readonly entry: HistoryEntry;
  readonly record: TransactionRecord;
  readonly changes: readonly AccountChange[];
}

export interface BankOptions {
  readonly ledger: Ledger;
  readonly contents: LedgerContents;
  readonly programs: readonly GenesisProgram[];
  readonly clock: WallClock;
  /** Memory that remembered transactions may take. */
  readonly historyBytes: number;
}

const LOADERS = [
  "BPFLoaderUpgradeab1e11111111111111111111111",
  "LoaderV411111111111111111111111111111111111",
];
/** Refusals that come before a transaction runs. */
const NOT_RUN: ReadonlySet<TransactionError> = new Set([
  "SignatureFailure",
  "BlockhashNotFound",
  "AlreadyProcessed",
]);

/**
 * The chain: the virtual machine, its current slot, and what it has processed, all kept in a
 * ledger. It does not depend on JSON-RPC. Methods that run or read something first enter the slot
 * that the clock is in.
 */
export class Bank {
  readonly machine: VirtualMachine;
  readonly slots: Slots;
  readonly history: History;
  readonly genesisHash: string;
  readonly faucet: Faucet;
  /** Programs that this start deployed or upgraded. */
  readonly deployed: readonly string[];
  readonly #ledger: Ledger;
  /** Slot of each message processed while its blockhash may still be valid, oldest first. */
  readonly #processed = new Map<string, number>();
  readonly #transactionListeners = new Set<(transaction: ProcessedTransaction) => void>();
  readonly #slotListeners = new Set<(slot: number) => void>();

  constructor(options: BankOptions) {
    const { ledger, contents, clock } = options;
    this.#ledger = ledger;
    this.genesisHash = ledger.identity.genesisHash;
    this.faucet = new Faucet(Buffer.from(ledger.identity.faucet, "hex"));
    this.history = new History(options.historyBytes);
    this.machine =
      contents.snapshot === null
        ? this.#genesisMachine()
        : VirtualMachine.restore(contents.snapshot);
    this.#replay(contents);
    this.slots = new Slots({
      genesisTime: ledger.identity.genesisTime,
      seed: Buffer.from(ledger.identity.seed, "hex"),
      clock,
      lastSlot: this.#lastSlot(),
    });
    for (const entry of this.history.entries())
      if (entry.slot + BLOCKHASH_LIFETIME >= this.slots.current)
        this.#noteProcessed(parseTransaction(entry.transaction), entry.slot);
    this.machine.enterSlot(this.slots.state());
    this.deployed = deployPrograms(this.machine, options.programs);
    if (contents.snapshot === null || this.deployed.length > 0)
      ledger.snapshot(this.machine.snapshot());
  }

  /**
   * Calls `listener` for each transaction once it is on disk, in the order in which they ran.
   * Returns a function that stops it.
   */
  onTransaction(listener: (transaction: ProcessedTransaction) => void): () => void {
    this.#transactionListeners.add(listener);
    return () => this.#transactionListeners.delete(listener);
  }

  /**
   * Calls `listener` with each slot that begins while the node runs. Returns a function that
   * stops it.
   */
  onSlot(listener: (slot: number) => void): () => void {
    this.#slotListeners.add(listener);
    return () => this.#slotListeners.delete(listener);
  }

  /** Enters the slot that the clock is in. */
  advance(): void {
    const previous = this.slots.current;
    if (!this.slots.advance()) return;
    this.machine.enterSlot(this.slots.state());
    const oldest = this.slots.current - BLOCKHASH_LIFETIME - 1;
    for (const [hash, slot] of this.#processed) {
      if (slot >= oldest) break;
      this.#processed.delete(hash);
    }
    // After a long pause only its end is worth telling.
    const first = Math.max(previous + 1, this.slots.current - 7);
    for (let slot = first; slot <= this.slots.current; slot++)
      for (const listener of this.#slotListeners) listener(slot);
  }

  /** Resolves when all that ran before this call is on disk. */
  async durable(): Promise<void> {
    await this.#ledger.durable();
  }

  /**
   * Runs a transaction. With `preflight`, one that fails leaves no trace, as if a node had
   * simulated it first; without, it is processed and pays its fee. Throws
   * `MalformedTransactionError`.
   */
  submit(bytes: Uint8Array, { preflight }: { preflight: boolean }): Submission {
    this.advance();
    const transaction = parseTransaction(bytes);
    const signature = bs58.encode(transaction.signatures[0]!);
    const refusal = this.#refusal(transaction);
    if (refusal !== null) return { signature, processed: false, error: refusal, execution: null };
    const run = runTransaction(transaction, this.machine);
    const { error } = run.execution;
    if (error !== null && (preflight || run.changes.length === 0)) {
      for (const { address, before } of run.changes) this.machine.setAccount(address, before);
      const ran = !NOT_RUN.has(error);
      return { signature, processed: false, error, execution: ran ? run.execution : null };
    }
    const slot = this.slots.current;
    const record = recordOfRun(transaction, run, {
      position: this.history.total,
      slot,
      time: this.slots.timeOf(slot),
    });
    this.#keep(transaction, record, run.changes);
    return { signature, processed: true, error, execution: run.execution };
  }

  /** Runs a transaction without effect. Throws `MalformedTransactionError`. */
  simulate(
    bytes: Uint8Array,
    options: { verifySignatures: boolean; checkBlockhash: boolean },
  ): Simulation | { readonly error: TransactionError } {
    this.advance();
    const transaction = parseTransaction(bytes);
    const refusal = this.#refusal(transaction);
    if (refusal === "AlreadyProcessed" || (refusal !== null && options.checkBlockhash))
      return { error: refusal };
    return this.machine.simulate(bytes, options.verifySignatures);
  }

  /** Pays lamports from the faucet. */
  airdrop(to: Uint8Array, lamports: bigint): Submission {
    this.advance();
    const blockhash = this.slots.blockhash(this.slots.root);
    return this.submit(this.faucet.transfer(to, lamports, blockhash), { preflight: true });
  }

  /** Writes what is not yet on disk and gives the ledger up. */
  async close(): Promise<void> {
    await this.#ledger.close();
  }

  #refusal(transaction: ParsedTransaction): TransactionError | null {
    // In a node's order: a repeated transaction is reported as such even if its blockhash has
    // expired.
    if (this.#processed.has(messageHash(transaction))) return "AlreadyProcessed";
    const blockhash = bs58.encode(transaction.message.recentBlockhash);
    return this.slots.isValidBlockhash(blockhash) ? null : "BlockhashNotFound";
  }

  #keep(
    transaction: ParsedTransaction,
    record: TransactionRecord,
    changes: readonly AccountChange[],
  ): void {
    const { entry: bytes, encodedRecord } = encodeEntry(record, transaction.bytes, changes);
    const entry = historyEntryOf(transaction, record, encodedRecord);
    this.#noteProcessed(transaction, record.slot);
    this.history.add(entry);
    this.#ledger.append(bytes, () => {
      for (const listener of this.#transactionListeners) listener({ entry, record, changes });
    });
    if (this.#ledger.wantsSnapshot) this.#ledger.snapshot(this.machine.snapshot());
  }

  #noteProcessed(transaction: ParsedTransaction, slot: number): void {
    this.#processed.set(messageHash(transaction), slot);
  }

  #genesisMachine(): VirtualMachine {
    const machine = VirtualMachine.create();
    machine.setAccount(this.faucet.address, {
      lamports: FAUCET_LAMPORTS,
      owner: new Uint8Array(32),
      executable: false,
      rentEpoch: 0xffff_ffff_ffff_ffffn,
      data: new Uint8Array(),
    });
    return machine;
  }

  #replay({ before, after }: LedgerContents): void {
    for (const bytes of before) this.#remember(bytes);
    let code = false;
    for (const bytes of after) {
      this.#remember(bytes);
      const changes = decodeChanges(bytes, (address) => this.machine.account(address));
      // Code first: the virtual machine compiles a program account on sight.
      changes.sort(
        (a, b) => Number(a.after?.executable ?? false) - Number(b.after?.executable ?? false),
      );
      for (const { address, after: account } of changes) this.machine.setAccount(address, account);
      code ||= changes.some(({ after: account }) => account !== null && isLoader(account.owner));
    }
    if (code) this.machine.rebuildCaches();
  }

  #remember(bytes: Buffer): void {
    const { record, encodedRecord, transaction } = decodeEntry(bytes);
    // Copies: one slice in the history would keep a whole journal file in memory.
    const parsed = parseTransaction(Uint8Array.from(transaction));
    this.history.add(historyEntryOf(parsed, record, Uint8Array.from(encodedRecord)));
  }

  #lastSlot(): number {
    let last = 0;
    for (const entry of this.history.entries()) last = entry.slot;
    return last;
  }
}

function isLoader(owner: Uint8Array): boolean {
  return LOADERS.includes(bs58.encode(owner));
}

function historyEntryOf(
  transaction: ParsedTransaction,
  record: TransactionRecord,
  encodedRecord: Uint8Array,
): HistoryEntry {
  const addresses = transaction.message.keys.map((key) => bs58.encode(key));
  return {
    position: record.position,
    signature: bs58.encode(transaction.signatures[0]!),
    slot: record.slot,
    time: record.time,
    failed: record.error !== null,
    transaction: transaction.bytes,
    encodedRecord,
    addresses: [...new Set([...addresses, ...record.loaded.writable, ...record.loaded.readonly])],
  };
}
