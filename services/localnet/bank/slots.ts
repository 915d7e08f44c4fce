import { createHash } from "node:crypto";
import bs58 from "bs58";
import {
  BLOCKHASH_LIFETIME,
  SLOT_HASHES_LENGTH,
  SLOTS_PER_EPOCH,
  type SlotState,
} from "./sysvars.ts";

/** A slot's length, as on Solana's clusters. */
export const SLOT_MILLISECONDS = 400;

/** Milliseconds since 1970. */
export type WallClock = () => number;

/**
 * Slots as a function of wall time: slot n of a ledger begins 400 n ms after its genesis, whether
 * a node runs or not. A restart therefore needs no record of idle slots, and blockhashes expire
 * while no node runs, as they do on a cluster. Hashes derive from the ledger's secret seed:
 * nobody can tell one before its slot, and a restart finds the same ones.
 */
export class Slots {
  readonly #genesisTime: number;
  readonly #seed: Uint8Array;
  readonly #clock: WallClock;
  readonly #recent = new Map<string, number>();
  #lastReading: number;
  /** Added to the wall clock once it has been set back, so that slots never run backwards. */
  #offset = 0;
  #current: number;

  /**
   * `lastSlot` is the last slot that the ledger recorded; the first current slot comes after it.
   */
  constructor(options: {
    genesisTime: number;
    seed: Uint8Array;
    clock: WallClock;
    lastSlot: number;
  }) {
    this.#genesisTime = options.genesisTime;
    this.#seed = options.seed;
    this.#clock = options.clock;
    this.#lastReading = options.clock();
    const earliest = options.genesisTime + (options.lastSlot + 1) * SLOT_MILLISECONDS;
    this.#offset = Math.max(0, earliest - this.#lastReading);
    this.#current = this.#slotAt(this.#lastReading);
    this.#remember(Math.max(0, this.#current - BLOCKHASH_LIFETIME - 1), this.#current - 1);
  }

  /** The slot in progress. Its block is complete, and final, once the next slot begins. */
  get current(): number {
    return this.#current;
  }

  /** The newest final slot. */
  get root(): number {
    return this.#current - 1;
  }

  /** Reads the clock; `true` if a new slot has begun. */
  advance(): boolean {
    const reading = this.#clock();
    if (reading < this.#lastReading) this.#offset += this.#lastReading - reading;
    this.#lastReading = reading;
    const slot = this.#slotAt(reading);
    if (slot <= this.#current) return false;
    this.#remember(Math.max(this.#current, slot - BLOCKHASH_LIFETIME - 1), slot - 1);
    this.#current = slot;
    for (const [hash, made] of this.#recent) {
      if (this.#isRecent(made)) break;
      this.#recent.delete(hash);
    }
    return true;
  }

  /** Milliseconds until the next slot begins. */
  untilNext(): number {
    const next = this.#genesisTime + (this.#current + 1) * SLOT_MILLISECONDS;
    return Math.max(0, next - this.#clock() - this.#offset);
  }

  /** Seconds since 1970 at which `slot` began. */
  timeOf(slot: number): number {
    return Math.floor((this.#genesisTime + slot * SLOT_MILLISECONDS) / 1000);
  }

  /** The blockhash that the block of `slot` ended with. */
  blockhash(slot: number): Uint8Array {
    return this.#derive("blockhash", slot);
  }

  /**
   * The newest blockhash, in base58, and the last block height at which a transaction may name
   * it.
   */
  latestBlockhash(): { blockhash: string; lastValidBlockHeight: number } {
    return {
      blockhash: bs58.encode(this.blockhash(this.root)),
      lastValidBlockHeight: this.root + BLOCKHASH_LIFETIME,
    };
  }

  /** Whether a transaction in the current slot may name this blockhash (base58). */
  isValidBlockhash(blockhash: string): boolean {
    const made = this.#recent.get(blockhash);
    return made !== undefined && this.#isRecent(made);
  }

  /** What the sysvars hold during the current slot. */
  state(): SlotState {
    const slots = Array.from(
      { length: Math.min(this.#current, SLOT_HASHES_LENGTH) },
      (_, i) => this.root - i,
    );
    const epoch = Math.floor(this.#current / SLOTS_PER_EPOCH);
    return {
      slot: this.#current,
      unixTimestamp: this.timeOf(this.#current),
      epochStartTimestamp: this.timeOf(epoch * SLOTS_PER_EPOCH),
      slotHashes: slots.map((slot) => ({ slot, hash: this.#derive("bank", slot) })),
      recentBlockhashes: slots.slice(0, BLOCKHASH_LIFETIME).map((slot) => this.blockhash(slot)),
    };
  }

  #slotAt(reading: number): number {
    return Math.max(
      1,
      Math.floor((reading + this.#offset - this.#genesisTime) / SLOT_MILLISECONDS),
    );
  }

  #isRecent(made: number): boolean {
    return this.#current <= made + BLOCKHASH_LIFETIME;
  }

  #remember(from: number, to: number): void {
    for (let slot = from; slot <= to; slot++)
      this.#recent.set(bs58.encode(this.blockhash(slot)), slot);
  }

  #derive(purpose: "blockhash" | "bank", slot: number): Uint8Array {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt(slot));
    return createHash("sha256").update(purpose).update(this.#seed).update(number).digest();
  }
}
