import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  createStrategy,
  type Registry,
  type StateVectors,
  type Strategy,
  strategies,
} from "@plenary/algorithms";
import { CHUNK_LENGTH } from "@plenary/protocol";
import fc from "fast-check";
import { deltas, models, throwsCode } from "./vectors.ts";

const LENGTH = 131;

/** A model, an aggregate and a state, as at the beginning of a round. */
function rounds(stateVectors: number): fc.Arbitrary<[Int32Array, Int32Array, StateVectors]> {
  const state = fc.array(models(LENGTH), { minLength: stateVectors, maxLength: stateVectors });
  return fc.tuple(models(LENGTH), deltas(LENGTH), state);
}

/** Every strategy must pass these tests, whatever its step is. */
export function strategyCompliance(
  configuration: { readonly name: string },
  registry: Registry<Strategy> = strategies,
): void {
  describe(`strategy ${JSON.stringify(configuration)}`, () => {
    const strategy = createStrategy(configuration, registry);
    const { stateVectors } = strategy.rule;

    test("a step is pure, has the right lengths and stays in the range of models", () => {
      fc.assert(
        fc.property(rounds(stateVectors), ([base, aggregate, state]) => {
          const before = structuredClone([base, aggregate, state]);
          const step = strategy.apply(base, aggregate, state);
          assert.deepEqual([base, aggregate, state], before);
          assert.deepEqual(strategy.apply(base, aggregate, state), step);
          assert.equal(step.state.length, stateVectors);
          for (const vector of [step.next, ...step.state]) assert.equal(vector.length, LENGTH);
          assert.ok(step.next.every((entry) => entry > -(2 ** 31)));
        }),
      );
    });

    test("without an update and from the first state, a model stays as it is", () => {
      fc.assert(
        fc.property(models(LENGTH), (base) => {
          const step = strategy.apply(base, new Int32Array(LENGTH), strategy.init(LENGTH));
          assert.deepEqual(step.next, base);
        }),
      );
    });

    test("its rule has the form that the program reads, and the first state is zeros", () => {
      const { code, parameters } = strategy.rule;
      assert.ok(Number.isInteger(code) && code >= 0 && code <= 255);
      assert.ok(Number.isInteger(stateVectors) && stateVectors >= 0 && stateVectors <= 8);
      assert.ok(parameters.length <= 8);
      for (const parameter of parameters)
        assert.ok(Number.isInteger(parameter) && parameter >= 0 && parameter < 2 ** 32);
      const zeros = Array.from({ length: stateVectors }, () => new Int32Array(LENGTH));
      assert.deepEqual(strategy.init(LENGTH), zeros);
    });

    test("it is registered by its name and refuses unknown parameters", () => {
      assert.equal(strategy.name, configuration.name);
      assert.ok(Object.hasOwn(registry, strategy.name));
      const surplus: { name: string } = { ...configuration, ...{ unknown: 1 } };
      throwsCode(() => createStrategy(surplus, registry), "invalid-input");
    });
  });
}

/** A strategy that the program knows must also step each chunk by itself. */
export function provableStrategyCompliance(
  configuration: { readonly name: string },
  registry: Registry<Strategy> = strategies,
): void {
  test(`one chunk of ${JSON.stringify(configuration)} follows from that chunk's inputs alone`, () => {
    const strategy = createStrategy(configuration, registry);
    fc.assert(
      fc.property(rounds(strategy.rule.stateVectors), ([base, aggregate, state]) => {
        const whole = strategy.apply(base, aggregate, state);
        for (let from = 0; from < LENGTH; from += CHUNK_LENGTH) {
          const chunk = (vector: Int32Array) => vector.slice(from, from + CHUNK_LENGTH);
          const step = strategy.apply(chunk(base), chunk(aggregate), state.map(chunk));
          assert.deepEqual(step, { next: chunk(whole.next), state: whole.state.map(chunk) });
        }
      }),
    );
  });
}
