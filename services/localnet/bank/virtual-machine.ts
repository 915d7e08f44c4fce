import bs58 from "bs58";
import {
  Clock,
  EpochSchedule,
  FailedTransactionMetadata,
  InstructionErrorCustom,
  LiteSvm,
  Account as NativeAccount,
  TransactionErrorDuplicateInstruction,
  TransactionErrorInstructionError,
  TransactionErrorInsufficientFundsForRent,
  type TransactionMetadata,
} from "litesvm/dist/internal.js";
import { SLOTS_PER_EPOCH, type SlotState, slotSysvars } from "./sysvars.ts";
import {
  instructionErrorName,
  type TransactionError,
  transactionErrorName,
} from "./transaction-errors.ts";

/** An account's whole state; `null` wherever an address holds none. Lamports are u64. */
export interface Account {
  readonly lamports: bigint;
  readonly owner: Uint8Array;
  readonly executable: boolean;
  readonly rentEpoch: bigint;
  readonly data: Uint8Array;
}

export interface AddressedAccount {
  readonly address: Uint8Array;
  readonly account: Account;
}

/** An instruction that a program invoked. Indices are into the transaction's keys. */
export interface InnerInstruction {
  readonly programIndex: number;
  readonly accounts: Uint8Array;
  readonly data: Uint8Array;
  readonly stackHeight: number;
}

/** What running a transaction did, apart from its effect on accounts. */
export interface Execution {
  readonly error: TransactionError | null;
  readonly logs: readonly string[];
  /** One list per top-level instruction. */
  readonly inner: readonly (readonly InnerInstruction[])[];
  readonly unitsConsumed: bigint;
  readonly returnData: { readonly program: Uint8Array; readonly data: Uint8Array } | null;
}

export interface Simulation extends Execution {
  readonly postAccounts: readonly AddressedAccount[];
}

const SYSVAR_OWNER = bs58.decode("Sysvar1111111111111111111111111111111111111");

/**
 * LiteSVM behind the types of this node. It is used through the binding's byte interface: the
 * published wrapper converts every address and transaction to strings. LiteSVM's checks of
 * blockhashes and repeated signatures are switched off because it knows a single blockhash; the
 * bank does both over the last 150 slots.
 */
export class VirtualMachine {
  #svm: LiteSvm;

  private constructor(svm: LiteSvm) {
    this.#svm = svm;
    svm.setBlockhashCheck(false);
    svm.setTransactionHistory(0n);
  }

  /**
   * A fresh state with the built-in programs, both token programs, associated accounts and Memo.
   */
  static create(): VirtualMachine {
    const machine = new VirtualMachine(new LiteSvm());
    machine.#svm.withNativeMints();
    machine.#svm.setEpochSchedule(
      new EpochSchedule(BigInt(SLOTS_PER_EPOCH), BigInt(SLOTS_PER_EPOCH), false, 0n, 0n),
    );
    return machine;
  }

  /** The state that `snapshot` saved. */
  static restore(snapshot: Uint8Array): VirtualMachine {
    return new VirtualMachine(LiteSvm.fromBytes(snapshot));
  }

  snapshot(): Uint8Array {
    return this.#svm.toBytes();
  }

  /** Rebuilds LiteSVM's cache of compiled programs after accounts were written directly. */
  rebuildCaches(): void {
    this.#svm = LiteSvm.fromBytes(this.#svm.toBytes());
    this.#svm.setBlockhashCheck(false);
    this.#svm.setTransactionHistory(0n);
  }

  addProgram(address: Uint8Array, elf: Uint8Array): void {
    this.#svm.addProgram(address, elf);
  }

  account(address: Uint8Array): Account | null {
    const account = this.#svm.getAccount(address);
    return account === null ? null : fromNative(account);
  }

  setAccount(address: Uint8Array, account: Account | null): void {
    const { lamports, data, owner, executable, rentEpoch } = account ?? EMPTY_ACCOUNT;
    this.#svm.setAccount(address, new NativeAccount(lamports, data, owner, executable, rentEpoch));
  }

  /** Lamports of `address`; 0 for an account that does not exist. */
  balance(address: Uint8Array): bigint {
    return this.#svm.getBalance(address) ?? 0n;
  }

  programAccounts(program: Uint8Array): AddressedAccount[] {
    return this.#svm
      .getProgramAccounts(program)
      .map((entry) => ({ address: entry.address, account: fromNative(entry.account()) }));
  }

  minimumBalance(dataLength: number): bigint {
    return this.#svm.minimumBalanceForRentExemption(BigInt(dataLength));
  }

  /** Runs a transaction and keeps its effects. `bytes` must have passed `parseTransaction`. */
  execute(bytes: Uint8Array): Execution {
    const result = this.#svm.sendVersionedTransaction(bytes);
    return result instanceof FailedTransactionMetadata
      ? executionOf(result.meta(), errorOf(result))
      : executionOf(result, null);
  }

  /**
   * Runs a transaction without keeping its effects. `bytes` must have passed `parseTransaction`.
   */
  simulate(bytes: Uint8Array, verifySignatures: boolean): Simulation {
    this.#svm.setSigverify(verifySignatures);
    try {
      const result = this.#svm.simulateVersionedTransaction(bytes);
      if (result instanceof FailedTransactionMetadata)
        return { ...executionOf(result.meta(), errorOf(result)), postAccounts: [] };
      const postAccounts = result
        .postAccounts()
        .map((entry) => ({ address: entry.address, account: fromNative(entry.account()) }));
      return { ...executionOf(result.meta(), null), postAccounts };
    } finally {
      this.#svm.setSigverify(true);
    }
  }

  /** Moves the sysvars to a slot. */
  enterSlot(state: SlotState): void {
    const epoch = BigInt(Math.floor(state.slot / SLOTS_PER_EPOCH));
    this.#svm.setClock(
      new Clock(
        BigInt(state.slot),
        BigInt(state.epochStartTimestamp),
        epoch,
        epoch + 1n,
        BigInt(state.unixTimestamp),
      ),
    );
    // Durable nonces take their value from LiteSVM's own blockhash, which nothing else here uses.
    this.#svm.expireBlockhash();
    for (const { address, data } of slotSysvars(state)) this.#setSysvar(address, data);
  }

  #setSysvar(address: Uint8Array, data: Uint8Array): void {
    this.#svm.setAccount(
      address,
      new NativeAccount(this.minimumBalance(data.length), data, SYSVAR_OWNER, false, 0n),
    );
  }
}

const EMPTY_ACCOUNT: Account = {
  lamports: 0n,
  data: new Uint8Array(),
  owner: new Uint8Array(32),
  executable: false,
  rentEpoch: 0n,
};

function fromNative(account: NativeAccount): Account {
  return {
    lamports: account.lamports(),
    owner: account.owner(),
    executable: account.executable(),
    rentEpoch: account.rentEpoch(),
    data: account.data(),
  };
}

function executionOf(meta: TransactionMetadata, error: TransactionError | null): Execution {
  const returned = meta.returnData();
  const data = returned.data();
  return {
    error,
    logs: meta.logs(),
    inner: meta.innerInstructions().map((list) =>
      list.map((entry) => {
        const instruction = entry.instruction();
        return {
          programIndex: instruction.programIdIndex(),
          accounts: instruction.accounts(),
          data: instruction.data(),
          stackHeight: entry.stackHeight(),
        };
      }),
    ),
    unitsConsumed: meta.computeUnitsConsumed(),
    returnData: data.length === 0 ? null : { program: returned.programId(), data },
  };
}

function errorOf(failure: FailedTransactionMetadata): TransactionError {
  const error = failure.err();
  if (typeof error === "number") return transactionErrorName(error);
  if (error instanceof TransactionErrorInstructionError) {
    const cause = error.err();
    if (typeof cause === "number")
      return { InstructionError: [error.index, instructionErrorName(cause)] };
    if (cause instanceof InstructionErrorCustom)
      return { InstructionError: [error.index, { Custom: cause.code }] };
    return { InstructionError: [error.index, "BorshIoError"] };
  }
  if (error instanceof TransactionErrorDuplicateInstruction)
    return { DuplicateInstruction: error.index };
  if (error instanceof TransactionErrorInsufficientFundsForRent)
    return { InsufficientFundsForRent: { account_index: error.accountIndex } };
  return { ProgramExecutionTemporarilyRestricted: { account_index: error.accountIndex } };
}
