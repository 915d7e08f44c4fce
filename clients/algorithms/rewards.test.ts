import assert from "node:assert/strict";
import { test } from "node:test";
import { compareBytes, PlenaryError, type RewardLeaf, toHex } from "@plenary/protocol";
import fc from "fast-check";
import { addPay, splitBudget, totalEarned } from "./rewards.ts";

const budgets = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const scores = fc.array(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), { maxLength: 20 });
const members = fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
  maxLength: 12,
  selector: toHex,
});

test("shares never exceed the budget, follow the scores, and leave less than one unit a member over", () => {
  fc.assert(
    fc.property(scores, budgets, (list, budget) => {
      const shares = splitBudget(list, budget);
      const sum = shares.reduce((a, b) => a + b, 0n);
      const positive = list.filter((score) => score > 0n).length;
      assert.ok(sum <= budget);
      assert.ok(positive === 0 ? sum === 0n : budget - sum < BigInt(positive));
      list.forEach((score, i) => {
        if (score <= 0n) assert.equal(shares[i], 0n);
        list.forEach((other, j) => {
          if (score >= other) assert.ok(shares[i]! >= shares[j]!);
        });
      });
    }),
  );
});

test("earnings only grow, ascend by member, and sum to what was paid", () => {
  const pay = fc.bigInt({ min: 0n, max: 2n ** 40n });
  const rounds = members.chain((list) =>
    fc.array(fc.tuple(...list.map((member) => pay.map((amount) => ({ member, amount })))), {
      maxLength: 6,
    }),
  );
  fc.assert(
    fc.property(rounds, (history) => {
      let earned: RewardLeaf[] = [];
      let paid = 0n;
      for (const round of history) {
        const next = addPay(earned, round);
        for (const { member, cumulative } of earned)
          assert.ok(next.find((leaf) => leaf.member === member)!.cumulative >= cumulative);
        paid += round.reduce((sum, { amount }) => sum + amount, 0n);
        assert.equal(totalEarned(next), paid);
        assert.ok(next.every(({ cumulative }) => cumulative > 0n));
        assert.deepEqual(
          next,
          next.toSorted((a, b) => compareBytes(a.member, b.member)),
        );
        earned = next;
      }
    }),
  );
});

test("budgets, orders and totals out of range are refused", () => {
  const refused = (call: () => unknown): void =>
    assert.throws(call, (error) => error instanceof PlenaryError && error.code === "invalid-input");
  const leaf = (first: number, cumulative: bigint): RewardLeaf => ({
    member: Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? first : 0)),
    cumulative,
  });
  refused(() => splitBudget([1n], -1n));
  refused(() => splitBudget([1n], 2n ** 64n));
  refused(() => addPay([leaf(2, 1n), leaf(1, 1n)], []));
  refused(() => addPay([leaf(1, 1n), leaf(1, 1n)], []));
  refused(() => addPay([leaf(1, 0n)], []));
  refused(() => addPay([leaf(1, 2n ** 64n - 1n)], [{ member: leaf(2, 0n).member, amount: 1n }]));
});
