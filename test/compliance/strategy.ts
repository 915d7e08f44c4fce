import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createStrategy, strategies } from "@plenary/algorithms";
import fc from "fast-check";
import { deltas, models, throwsCode } from "./vectors.ts";

const LENGTH = 131;
const CHUNK = 64;

/** What every strategy must do, whatever its step is. */
export function strategyCompliance(configuration: { readonly name: string }): void {
  describe(`strategy ${JSON.stringify(configuration)}`, () => {
    const strategy = createStrategy(configuration);
    const stateLength = strategy.stateLength(LENGTH);

    test("a step is pure, has the right lengths and stays in the range of models", () => {
      fc.assert(
        fc.property(models(LENGTH), deltas(LENGTH), models(stateLength), (base, mean, state) => {
          const before = [base.slice(), mean.slice(), state.slice()];
          const step = strategy.apply(base, mean, state);
          assert.deepEqual([base, mean, state], before);
          assert.deepEqual(strategy.apply(base, mean, state), step);
          assert.equal(step.next.length, LENGTH);
          assert.equal(step.state.length, stateLength);
          assert.ok(step.next.every((entry) => entry > -(2 ** 31)));
        }),
      );
    });

    test("without an update and from the first state, a model stays as it is", () => {
      fc.assert(
        fc.property(models(LENGTH), (base) => {
          const step = strategy.apply(base, new Int32Array(LENGTH), new Int32Array(stateLength));
          assert.deepEqual(step.next, base);
        }),
      );
    });

    test("if the program can judge it, one chunk follows from that chunk's inputs alone", () => {
      if (!strategy.provable) return;
      fc.assert(
        fc.property(models(LENGTH), deltas(LENGTH), models(stateLength), (base, mean, state) => {
          const whole = strategy.apply(base, mean, state);
          for (let start = 0; start < LENGTH; start += CHUNK) {
            const chunk = (v: Int32Array) => v.slice(start, start + CHUNK);
            const step = strategy.apply(chunk(base), chunk(mean), chunk(state));
            assert.deepEqual(step, { next: chunk(whole.next), state: chunk(whole.state) });
          }
        }),
      );
    });

    test("it has a number of its own, a 16-bit momentum and refuses unknown parameters", () => {
      assert.ok(Number.isInteger(strategy.id) && strategy.id >= 0 && strategy.id < 256);
      assert.ok(
        Number.isInteger(strategy.momentum) && strategy.momentum >= 0 && strategy.momentum < 65_536,
      );
      assert.equal(strategy.name, configuration.name);
      assert.ok(Object.hasOwn(strategies, strategy.name));
      const surplus: { name: string } = { ...configuration, ...{ unknown: 1 } };
      throwsCode(() => createStrategy(surplus), "invalid-input");
    });
  });
}
