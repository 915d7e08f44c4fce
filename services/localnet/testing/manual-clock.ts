import { SLOT_MILLISECONDS } from "../bank/slots.ts";

/** A clock that moves when a test says so. */
export class ManualClock {
  #now = 1_800_000_000_000;

  /** Milliseconds since 1970; bound, so that it can be handed over as a `WallClock`. */
  readonly read = (): number => this.#now;

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  advanceSlots(slots: number): void {
    this.advance(slots * SLOT_MILLISECONDS);
  }
}
