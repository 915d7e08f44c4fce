import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { chooseGroups, type GroupProfile } from "./choose-groups.ts";

/** Groups in clusters: those of one cluster answer almost alike. */
function clusters(sizes: readonly number[]): GroupProfile[] {
  return sizes.flatMap((size, cluster) =>
    Array.from({ length: size }, (_, i) => ({
      group: `${cluster}-${i}`,
      shares: sizes.map((_, other) => (other === cluster ? 0.9 : 0.05) + 0.002 * i),
    })),
  );
}

const names = (choices: readonly { readonly group: string }[]) =>
  choices.map(({ group }) => group.split("-")[0]);

test("asks the largest cluster first, then the others, one group each", () => {
  const groups = clusters([2, 5, 3]);
  const chosen = chooseGroups({ candidates: groups, asked: [], targets: groups, count: 3 });
  assert.deepEqual(names(chosen), ["1", "2", "0"]);
  const [first, second, third] = chosen.map(({ remaining }) => remaining);
  assert.ok(1 > first! && first! > second! && second! > third! && third! > 0);
});

test("passes over clusters that answered, and looks at the targets alone", () => {
  const groups = clusters([2, 5, 3]);
  const of = (cluster: number) => groups.filter(({ group }) => group.startsWith(`${cluster}-`));
  const asked = of(1).slice(0, 1);
  const candidates = groups.filter((group) => !asked.includes(group));
  const next = chooseGroups({ candidates, asked, targets: groups, count: 1 });
  assert.deepEqual(names(next), ["2"]);
  const aimed = chooseGroups({ candidates, asked, targets: of(0), count: 1 });
  assert.deepEqual(names(aimed), ["0"]);
});

test("names each group once, at most all, and leaves never more open than before", () => {
  const profile = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), {
    minLength: 4,
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.array(profile, { minLength: 1, maxLength: 8 }), fc.nat(10), (shares, count) => {
      const groups = shares.map((own, i) => ({ group: `g${i}`, shares: own }));
      const chosen = chooseGroups({ candidates: groups, asked: [], targets: groups, count });
      assert.equal(chosen.length, Math.min(count, groups.length));
      assert.equal(new Set(chosen.map(({ group }) => group)).size, chosen.length);
      chosen.reduce((before, { remaining }) => {
        assert.ok(remaining <= before + 1e-9 && remaining >= -1e-9);
        return remaining;
      }, 1);
    }),
  );
});
