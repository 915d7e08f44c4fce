import { readFileSync } from "node:fs";
import { PROGRAM_ID, type ProgramEvent, parseEvents, transactionFailed } from "@plenary/chain";
import { sha256, toBase58 } from "@plenary/protocol";
import { address, getTransactionDecoder, lamports } from "@solana/kit";
import { Keypair, PublicKey, Transaction, type TransactionInstruction } from "@solana/web3.js";
import { FailedTransactionMetadata, LiteSVM } from "litesvm";

/** Unix seconds at which every test chain starts. */
export const START = 1_800_000_000n;

const PROGRAM_BYTES = readFileSync(new URL("../../plenary.so", import.meta.url));

/** The outcome of one transaction. */
export interface Outcome {
  /** Name of the program's error, or else the chain's message; null if it succeeded. */
  readonly error: string | null;
  readonly logs: readonly string[];
  readonly units: number;
  /** Size of the serialised transaction. */
  readonly bytes: number;
  readonly events: readonly ProgramEvent[];
}

/**
 * The committed program in LiteSVM. Tests set its clock and slot hashes. All keys derive from
 * labels.
 */
export class TestChain {
  readonly svm = new LiteSVM();
  /** Most compute units that each kind of instruction used. */
  static readonly units = new Map<string, number>();

  constructor() {
    this.svm.addProgram(address(PROGRAM_ID.toBase58()), PROGRAM_BYTES);
    this.svm.setSlotHashes([
      { slot: 41n, hash: toBase58(sha256(new TextEncoder().encode("slot 41"))) },
    ]);
    this.now = START;
  }

  get now(): bigint {
    return this.svm.getClock().unixTimestamp;
  }

  set now(seconds: bigint) {
    const clock = this.svm.getClock();
    clock.unixTimestamp = seconds;
    this.svm.setClock(clock);
  }

  /** A keypair with lamports. It is the same in every run. */
  actor(label: string): Keypair {
    const keypair = keypairOf(label);
    this.svm.airdrop(address(keypair.publicKey.toBase58()), lamports(100_000_000_000n));
    return keypair;
  }

  /** Sends a transaction; the first signer pays. Signatures that are missing stay missing. */
  send(instructions: readonly TransactionInstruction[], signers: readonly Keypair[]): Outcome {
    this.svm.expireBlockhash();
    const payer = signers[0]?.publicKey;
    if (payer === undefined) throw new Error("A test transaction needs a signer.");
    const transaction = new Transaction({
      feePayer: payer,
      recentBlockhash: this.svm.latestBlockhash(),
    });
    transaction.add(...instructions);
    transaction.sign(...signers);
    const wire = transaction.serialize({ requireAllSignatures: false, verifySignatures: false });
    const result = this.svm.sendTransaction(getTransactionDecoder().decode(wire));
    const failed = result instanceof FailedTransactionMetadata;
    const meta = failed ? result.meta() : result;
    const logs = meta.logs();
    return {
      error: failed
        ? (transactionFailed(result.toString(), logs).programError ?? result.toString())
        : null,
      logs,
      units: Number(meta.computeUnitsConsumed()),
      bytes: wire.length,
      events: failed ? [] : parseEvents(PROGRAM_ID, logs),
    };
  }

  /** Sends a transaction that must succeed, and notes its compute units under `label`. */
  run(
    label: string,
    instructions: readonly TransactionInstruction[],
    signers: readonly Keypair[],
  ): Outcome {
    const outcome = this.send(instructions, signers);
    if (outcome.error !== null)
      throw new Error(`${label}: ${outcome.error}\n${outcome.logs.join("\n")}`);
    TestChain.units.set(label, Math.max(outcome.units, TestChain.units.get(label) ?? 0));
    return outcome;
  }

  data(at: PublicKey): Uint8Array | null {
    const account = this.svm.getAccount(address(at.toBase58()));
    return account.exists && account.lamports > 0n ? Uint8Array.from(account.data) : null;
  }

  /** The program that owns an account. */
  owner(at: PublicKey): PublicKey {
    const account = this.svm.getAccount(address(at.toBase58()));
    if (!account.exists) throw new Error(`There is no account ${at.toBase58()}.`);
    return new PublicKey(account.programAddress);
  }

  lamports(at: PublicKey): bigint {
    return this.svm.getBalance(address(at.toBase58())) ?? 0n;
  }

  tokens(at: PublicKey): bigint {
    const data = this.data(at);
    // A token account holds its mint, its owner, then the amount.
    return data === null ? 0n : new DataView(data.buffer, data.byteOffset).getBigUint64(64, true);
  }

  setData(at: PublicKey, owner: PublicKey, data: Uint8Array): void {
    this.svm.setAccount({
      address: address(at.toBase58()),
      data,
      executable: false,
      lamports: lamports(this.svm.minimumBalanceForRentExemption(BigInt(data.length))),
      programAddress: address(owner.toBase58()),
      space: BigInt(data.length),
    });
  }
}

export function keypairOf(label: string): Keypair {
  return Keypair.fromSeed(sha256(new TextEncoder().encode(label)));
}

export { digest } from "../../../testing/index.ts";
