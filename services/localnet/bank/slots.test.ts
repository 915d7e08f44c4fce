import assert from "node:assert/strict";
import { test } from "node:test";
import bs58 from "bs58";
import fc from "fast-check";
import { ManualClock } from "../testing/manual-clock.ts";
import { SLOT_MILLISECONDS, Slots } from "./slots.ts";
import { BLOCKHASH_LIFETIME } from "./sysvars.ts";

function slotsFrom(clock: ManualClock, options: { seed?: number; lastSlot?: number } = {}) {
  const seed = new Uint8Array(32).fill(options.seed ?? 1);
  return new Slots({
    genesisTime: genesis,
    seed,
    clock: clock.read,
    lastSlot: options.lastSlot ?? 0,
  });
}

/** A test's clock begins in slot 1, as a new ledger does. */
const genesis = new ManualClock().read() - SLOT_MILLISECONDS;

test("a slot lasts 400 ms, and none is skipped by asking late", () => {
  const clock = new ManualClock();
  const slots = slotsFrom(clock);
  assert.equal(slots.current, 1);
  clock.advance(2 * SLOT_MILLISECONDS - 1);
  assert.equal(slots.advance(), true);
  assert.equal(slots.current, 2);
  assert.equal(slots.advance(), false);
  assert.equal(slots.untilNext(), 1);
  clock.advance(1);
  slots.advance();
  assert.equal(slots.current, 3);
  assert.equal(slots.root, 2);
});

test("slots never run backwards, however the clock jumps, and validity lasts exactly 150 slots", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -100_000, max: 100_000 }), { maxLength: 40 }),
      (jumps) => {
        const clock = new ManualClock();
        const slots = slotsFrom(clock);
        for (const jump of jumps) {
          const before = slots.current;
          clock.advance(jump);
          slots.advance();
          assert.ok(slots.current >= before);
          for (const age of [0, 1, BLOCKHASH_LIFETIME, BLOCKHASH_LIFETIME + 1, 500]) {
            const made = slots.current - age;
            if (made < 0 || made === slots.current) continue;
            assert.equal(
              slots.isValidBlockhash(bs58.encode(slots.blockhash(made))),
              age <= BLOCKHASH_LIFETIME,
            );
          }
          const { lastValidBlockHeight } = slots.latestBlockhash();
          assert.equal(lastValidBlockHeight, slots.current - 1 + BLOCKHASH_LIFETIME);
          // A hash that its slot has not made yet is not known.
          assert.equal(slots.isValidBlockhash(bs58.encode(slots.blockhash(slots.current))), false);
        }
      },
    ),
  );
});

test("a restart finds the same hashes, another ledger other ones", () => {
  const clock = new ManualClock();
  clock.advanceSlots(1000);
  const [first, again, other] = [slotsFrom(clock), slotsFrom(clock), slotsFrom(clock, { seed: 2 })];
  assert.deepEqual(first.state(), again.state());
  assert.notDeepEqual(first.blockhash(7), other.blockhash(7));
  assert.notDeepEqual(first.state().slotHashes[0]?.hash, first.state().recentBlockhashes[0]);
  assert.equal(first.state().slotHashes.length, 512);
  assert.equal(first.state().recentBlockhashes.length, 150);
});

test("a ledger that is ahead of the clock continues after its last slot", () => {
  const slots = slotsFrom(new ManualClock(), { lastSlot: 5000 });
  assert.equal(slots.current, 5001);
});
